import { isUtf8 } from 'node:buffer';
import { BadRequestException, PayloadTooLargeException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BodyReservation } from './body-budget';
import { JoinedBytes } from './chunks';
import { skimJson } from './skim-json';

/** The body of a request that ended before it was whole. */
class BrokenOffError extends Error {
  readonly code = 'ECONNRESET';
}

/**
 * Reads the body of a request, which has not been read before.
 * @throws PayloadTooLargeException when it is longer than `maxBytes`, and OverloadedError when there is no room for it.
 */
export async function readBody(
  { raw }: FastifyRequest,
  reply: FastifyReply,
  maxBytes: number,
  reservation: BodyReservation,
): Promise<Buffer> {
  const declared = Number(raw.headers['content-length'] ?? 0);
  reservation.resize(declared);
  // Only now: a client that is refused for its key need not send its body at all.
  if (raw.headers.expect !== undefined && raw.httpVersion !== '1.0') reply.raw.writeContinue();
  const body = new JoinedBytes();
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error) => {
      raw.off('data', take).off('end', settle).off('error', settle).off('close', breakOff);
      if (error) reject(error);
      else resolve();
    };
    const breakOff = () => settle(new BrokenOffError());
    const take = (chunk: Buffer) => {
      const size = body.length + chunk.length;
      try {
        if (size > maxBytes) throw new PayloadTooLargeException('Request body is too large');
        if (size > declared) reservation.resize(size);
        body.add(chunk);
      } catch (error) {
        raw.pause();
        settle(error as Error);
      }
    };
    if (raw.destroyed) return breakOff();
    raw.on('data', take).on('end', settle).on('error', settle).on('close', breakOff);
  });
  // A body may still become whole after its client has got a 408 for being too slow.
  if (raw.socket.writableEnded) throw new BrokenOffError();
  return body.take();
}

const MESSAGES = {
  empty: "Body cannot be empty when content-type is set to 'application/json'",
  invalid: "Body is not valid JSON but content-type is set to 'application/json'",
};

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Several times as many as the longest list of changes holds. To parse them takes some milliseconds. */
export const MAX_VALUES = 10_000;

/**
 * Parses a JSON text in UTF-8. If it has more values than any route allows, parses only as much as the rules need in order
 * to refuse it.
 * @throws BadRequestException if the text is not JSON.
 */
export function parseJson(bytes: Buffer, valueCount: number, known: ReadonlySet<string>): unknown {
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
