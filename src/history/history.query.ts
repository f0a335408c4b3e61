import { QueryCursor, QueryInteger } from '../http/validation/query-rules';

const DECODED = /^below:([1-9]\d{0,9})$/;

/** The opaque form of a place in a history: below this version. */
export function writeHistoryCursor(version: number): string {
  return Buffer.from(`below:${version}`).toString('base64url');
}

function readHistoryCursor(cursor: string): number | undefined {
  const version = Number(DECODED.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]);
  return version < 2 ** 31 && writeHistoryCursor(version) === cursor ? version : undefined;
}

/** Which part of a history. */
export class HistoryQuery {
  @QueryInteger({ min: 1, max: 100, default: 20, description: 'Entries on a page', example: 20 })
  limit?: number;

  @QueryCursor(readHistoryCursor, { description: '`next_cursor` of the page before', example: 'YmVsb3c6Nw' })
  cursor?: number;
}
