import { arrayOf, type QueryExecutor as Runner, type Statement } from '../../../database/statements';
import type { Claim } from '../../../http/idempotency';
import type { Outcome } from '../change';

/** What became of an earlier request with an Idempotency-Key. */
export interface StoredRecord {
  fingerprint: Buffer;
  outcome: Outcome | Outcome[];
}

export type SellersClaim = readonly [sellerId: string, claim: Claim];

/** The contract's ("Safe changes"), in SQL. */
export const RECORD_LIFETIME = `interval '24 hours'`;

/** Names what a key stands for: it is free again for another seller, method or path. */
export function claimKey(sellerId: string, { key, method, path }: Omit<Claim, 'fingerprint'>): string {
  return `${sellerId} ${method} ${path} ${key}`;
}

const ARRAYS = [arrayOf('uuid', '$1'), ...['$2', '$3', '$4'].map((parameter) => arrayOf('text', parameter))];
const WANTED = `unnest(${ARRAYS.join(', ')}) AS wanted (seller_id, key, method, path)`;
const IS_WANTED = `record.seller_id = wanted.seller_id AND record.key = wanted.key
  AND record.method = wanted.method AND record.path = wanted.path`;

const FIND: Statement = {
  name: 'find_idempotency_records',
  text: `
  SELECT record.seller_id, record.key, record.method, record.path, record.fingerprint, record.outcome
    FROM ${WANTED} CROSS JOIN LATERAL (
      SELECT * FROM idempotency_records AS record
       WHERE ${IS_WANTED} AND record.created_at > now() - ${RECORD_LIFETIME} LIMIT 1) AS record`,
};

/** One whose time is over may not have been pruned yet, and would be in the way of its successor. */
const FORGET: Statement = {
  name: 'forget_idempotency_records',
  text: `
  DELETE FROM idempotency_records AS record USING ${WANTED}
   WHERE ${IS_WANTED} AND record.created_at <= now() - ${RECORD_LIFETIME}`,
};

type Found = StoredRecord & { seller_id: string; key: string; method: string; path: string };

/** The records of these claims, by `claimKey`. */
export async function findRecords(
  runner: Runner,
  claims: SellersClaim[],
  forgetOld: boolean,
): Promise<Map<string, StoredRecord>> {
  if (claims.length === 0) return new Map();
  const values = [
    claims.map(([sellerId]) => sellerId),
    ...(['key', 'method', 'path'] as const).map((part) => claims.map(([, claim]) => claim[part])),
  ];
  if (forgetOld) await runner.run(FORGET, values);
  const found = await runner.run<Found>(FIND, values);
  return new Map(found.map((record) => [claimKey(record.seller_id, record), record]));
}
