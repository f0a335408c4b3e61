import { isUtf8 } from 'node:buffer';
import { BadRequestException } from '@nestjs/common';
import type { KnownNames } from './known-names';
import { skimJson } from './skim-json';

const MESSAGES = {
  empty: "Body cannot be empty when content-type is set to 'application/json'",
  invalid: "Body is not valid JSON but content-type is set to 'application/json'",
};

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Several times as many as the longest list of changes holds. To parse them takes some milliseconds. */
export const MAX_VALUES = 10_000;

/**
 * Parses a JSON text in UTF-8. Of one with more values than any route allows, only as much as the rules need in order to
 * refuse it.
 * @throws BadRequestException for what is no JSON.
 */
export function parseJson(bytes: Buffer, valueCount: number, known: KnownNames): unknown {
  if (bytes.length === 0) throw new BadRequestException(MESSAGES.empty);
  try {
    if (!isUtf8(bytes)) throw new SyntaxError();
    const start = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    return valueCount > MAX_VALUES ? skimJson(bytes, start, known) : JSON.parse(bytes.toString('utf8', start));
  } catch (error) {
    if (error instanceof SyntaxError) throw new BadRequestException(MESSAGES.invalid);
    throw error;
  }
}
