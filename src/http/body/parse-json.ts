import { isUtf8 } from 'node:buffer';
import { BadRequestException } from '@nestjs/common';

const MESSAGES = {
  empty: "Body cannot be empty when content-type is set to 'application/json'",
  invalid: "Body is not valid JSON but content-type is set to 'application/json'",
};

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Parses a JSON text in UTF-8.
 * @throws BadRequestException for what is none.
 */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) throw new BadRequestException(MESSAGES.empty);
  if (!isUtf8(bytes)) throw new BadRequestException(MESSAGES.invalid);
  const text = bytes.toString('utf8', bytes.indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK.length : 0);
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequestException(MESSAGES.invalid);
  }
}
