import { Injectable } from '@nestjs/common';
import { PRUNED_AT_ONCE, Pruner } from '../../database/pruner';
import { arrayOf, type QueryExecutor, type Statement } from '../../database/statements';
import type { IdempotentRequest } from '../../http/idempotency';
import { CUSTOMER_ERRORS, type CustomerErrorCode } from '../customer.errors';
import type { IdempotencyRecord, StoredOutcome } from './idempotency-record.entity';
import { type ChangeFailure, type ChangeOutcome, isFailure } from './write-request';

/** The result of an earlier request with an Idempotency-Key. */
export interface Replay {
  fingerprint: Buffer;
  outcome: ChangeOutcome | ChangeOutcome[];
}

/** A record before it is written. */
export interface NewIdempotencyRecord extends Omit<IdempotencyRecord, 'fingerprint' | 'created_at'> {
  /** In hexadecimal. */
  fingerprint: string;
  /** The record is written only if the row of this customer is. */
  customer_id: string | null;
}

export type SellersRequest = readonly [sellerId: string, request: IdempotentRequest];

/** How long a record counts (contract, "Safe changes"). */
const LIFETIME = `interval '24 hours'`;

/** An Idempotency-Key as the key of a map: the same key stands for another request of another seller, method or path. */
export function idempotencyKey(
  sellerId: string,
  { key, method, path }: Omit<IdempotentRequest, 'fingerprint'>,
): string {
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
       WHERE ${IS_WANTED} AND record.created_at > now() - ${LIFETIME} LIMIT 1) AS record`,
};

const DELETE_EXPIRED: Statement = {
  name: 'forget_idempotency_records',
  text: `
  DELETE FROM idempotency_records AS record USING ${WANTED}
   WHERE ${IS_WANTED} AND record.created_at <= now() - ${LIFETIME}`,
};

const PRUNE: Statement = {
  name: 'prune_idempotency_records',
  text: `
  DELETE FROM idempotency_records AS record USING (
    SELECT tableoid, ctid FROM idempotency_records
     WHERE created_at <= now() - ${LIFETIME} ORDER BY created_at LIMIT ${PRUNED_AT_ONCE} FOR UPDATE SKIP LOCKED) AS old
   WHERE record.tableoid = old.tableoid AND record.ctid = old.ctid
  RETURNING 1`,
};

/** Inserts the records of the JSON array `parameter`, as a part of the statement that writes the customers of `written`. */
export function insertIdempotencyRecords(parameter: string, written: string): string {
  return `
    INSERT INTO idempotency_records (seller_id, key, method, path, fingerprint, outcome)
    SELECT record.seller_id, record.key, record.method, record.path, decode(record.fingerprint, 'hex'), record.outcome
      FROM json_to_recordset(${parameter}) AS record (seller_id uuid, key text, method text, path text, fingerprint text,
           outcome json, customer_id uuid)
     WHERE record.customer_id IS NULL OR EXISTS (
       SELECT FROM ${written} WHERE ${written}.seller_id = record.seller_id AND ${written}.id = record.customer_id)`;
}

/** The stored outcomes of requests with an Idempotency-Key. */
export class IdempotencyRepository {
  constructor(private readonly executor: QueryExecutor) {}

  /** The stored results of these requests, by `idempotencyKey`. */
  async findReplays(requests: SellersRequest[]): Promise<Map<string, Replay>> {
    if (requests.length === 0) return new Map();
    const found = await this.executor.run<IdempotencyRecord & Record<string, unknown>>(FIND, valuesOf(requests));
    return new Map(found.map((record) => [idempotencyKey(record.seller_id, record), replayOf(record)]));
  }

  /** Deletes expired records of these requests, which would otherwise be in the way of new ones until they are pruned. */
  async deleteExpired(requests: SellersRequest[]): Promise<void> {
    if (requests.length > 0) await this.executor.run(DELETE_EXPIRED, valuesOf(requests));
  }
}

/** Deletes all expired records, a few at a time. */
@Injectable()
export class IdempotencyRecordPruner extends Pruner {
  protected readonly statement = PRUNE;
  protected readonly what = 'Old idempotency records';
}

/**
 * A record of the result of a request: one outcome for each change of a bulk, or one for the request.
 * @param customerId the customer without whose row the record is not to be written.
 */
export function newRecord(
  sellerId: string,
  { key, method, path, fingerprint }: IdempotentRequest,
  outcome: ChangeOutcome | ChangeOutcome[],
  customerId: string | null,
): NewIdempotencyRecord {
  return {
    ...{ seller_id: sellerId, key, method, path, fingerprint: fingerprint.toString('hex') },
    outcome: Array.isArray(outcome) ? outcome.map(toStored) : toStored(outcome),
    customer_id: customerId,
  };
}

/** The form in which an outcome is stored. */
function toStored(outcome: ChangeOutcome): StoredOutcome {
  if (!isFailure(outcome)) return outcome;
  const { code } = outcome;
  if (code === 'no_strong_tag' || code === 'if_none_match') return { ...outcome, because: code };
  return code === 'version_mismatch' || code === 'invalid'
    ? outcome
    : { ...outcome, message: CUSTOMER_ERRORS[code].message };
}

function replayOf({ fingerprint, outcome }: IdempotencyRecord): Replay {
  return { fingerprint, outcome: Array.isArray(outcome) ? outcome.map(fromStored) : fromStored(outcome) };
}

function fromStored(stored: StoredOutcome): ChangeOutcome {
  if (stored.status < 300) return stored as ChangeOutcome;
  return { ...stored, code: stored.code ?? codeOfOld(stored) } as ChangeFailure;
}

/** The code of an outcome that was stored without one: its status tells, as other failures with that status are not stored. */
function codeOfOld({ status, id, because }: StoredOutcome): CustomerErrorCode {
  if (status === 412) return because ?? 'version_mismatch';
  // Only an unknown customer has no id.
  if (status === 404) return id === undefined ? 'not_found' : 'version_not_found';
  return status === 409 ? 'email_taken' : 'invalid';
}

function valuesOf(requests: SellersRequest[]): string[][] {
  return [
    requests.map(([sellerId]) => sellerId),
    ...(['key', 'method', 'path'] as const).map((part) => requests.map(([, request]) => request[part])),
  ];
}
