import { arrayOf, type Runner, type Statement } from '../../database/statements';
import { insertHistory } from '../../history/history-entry';
import type { Customer } from '../customer.entity';
import { COLUMNS, rowKey } from '../rows';
import { ownerKey } from './facts/emails';
import { claimKey } from './facts/records';
import { MEMBERS } from './merge';
import type { Writes } from './writes';

const TYPES = `seller_id uuid, id uuid, version integer, first_name text, last_name text, email text, company_name text,
  legal_entity text, language text, status text, address_data jsonb, postal_redirect_address jsonb, source text,
  created_at timestamptz, updated_at timestamptz, op text, base_version integer`;

/*
 * One statement, which commits as one. A row that somebody else holds, or has changed since it was read, is left out with
 * all that belongs to it, and nobody waits for it. The condition on `op` also lets PostgreSQL expect few rows: of a list of
 * unknown length it would expect a hundred, and may read the whole table for them.
 */
const UPDATES = `
  WITH row AS MATERIALIZED (SELECT * FROM json_to_recordset($1) AS row (${TYPES})),
  free AS MATERIALIZED (
    SELECT row.* FROM row CROSS JOIN LATERAL (
      SELECT FROM customers AS customer
       WHERE customer.seller_id = row.seller_id AND customer.id = row.id AND customer.version = row.base_version
         FOR NO KEY UPDATE SKIP LOCKED) AS locked
     WHERE row.op = 'update'
  ),
  updated AS (
    UPDATE customers AS customer
       SET ${[...MEMBERS, 'version', 'updated_at'].map((column) => `${column} = free.${column}`).join(', ')}
      FROM free
     WHERE customer.seller_id = free.seller_id AND customer.id = free.id AND customer.version = free.base_version
    RETURNING customer.seller_id, customer.id, customer.status
  )`;

const ONLY_UPDATED = 'JOIN updated ON updated.seller_id = entry.seller_id AND updated.id = entry.customer_id';
const ONLY_WRITTEN = ONLY_UPDATED.replaceAll('updated', 'written');

/** What most lists are: changes of rows other than of their status, and their history. */
const UPDATE: Statement = {
  name: 'update_customers',
  text: `${UPDATES}, history AS (${insertHistory('$2', ONLY_UPDATED)}) SELECT seller_id, id FROM updated`,
};

/**
 * The same with new customers, records of requests, and the end of the portal sessions of those who are not active. That
 * sees every session only when the rows were locked by an earlier statement: a session may have been made while this one
 * was on its way to the row.
 */
const WRITE: Statement = {
  name: 'write_customers',
  text: `${UPDATES},
  created AS (
    INSERT INTO customers (${COLUMNS.join(', ')}) SELECT ${COLUMNS.join(', ')} FROM row WHERE op = 'create'
    RETURNING seller_id, id
  ),
  written AS (SELECT seller_id, id FROM updated UNION ALL SELECT seller_id, id FROM created),
  history AS (${insertHistory('$2', ONLY_WRITTEN)}),
  ended AS (
    DELETE FROM portal_sessions AS session USING updated
     WHERE session.seller_id = updated.seller_id AND session.customer_id = updated.id AND updated.status <> 'active'
  ),
  records AS (
    INSERT INTO idempotency_records (seller_id, key, method, path, fingerprint, outcome)
    SELECT record.seller_id, record.key, record.method, record.path, decode(record.fingerprint, 'hex'), record.outcome
      FROM json_to_recordset($3) AS record (seller_id uuid, key text, method text, path text, fingerprint text,
           outcome json, customer_id uuid)
     WHERE record.customer_id IS NULL OR EXISTS (
       SELECT FROM written WHERE written.seller_id = record.seller_id AND written.id = record.customer_id)
  )
  SELECT seller_id, id FROM written`,
};

const DELETE: Statement = {
  name: 'delete_customers',
  text: `
  DELETE FROM customers AS customer USING unnest(${arrayOf('uuid', '$1')}, ${arrayOf('uuid', '$2')}) AS deleted (seller_id, id)
   WHERE customer.seller_id = deleted.seller_id AND customer.id = deleted.id`,
};

/**
 * Writes what is planned: all of it or, where a row is held or was changed meanwhile, all that belongs to the others.
 * @returns the keys of the rows that were written.
 * @throws DatabaseError, with nothing written, when an email or an Idempotency-Key was taken meanwhile.
 */
export async function write(runner: Runner, writes: Writes): Promise<Set<string>> {
  const { rows, history, records, deleted, touchesEmails, touchesStatus } = writes;
  if (deleted.length > 0) {
    await runner.run(DELETE, [deleted.map(({ seller_id }) => seller_id), deleted.map(({ id }) => id)]);
  }
  if (rows.size === 0 && records.length === 0) return new Set();
  const list = [...rows.values()].map(({ op, base_version, customer }) => ({ ...customer, op, base_version }));
  const isPlain = records.length === 0 && !touchesStatus && list.every(({ op }) => op === 'update');
  // In an order that all keep, so that no two wait for each other's emails, or keys.
  if (touchesEmails) list.sort((one, other) => (emailOrder(one) < emailOrder(other) ? -1 : 1));
  records.sort((one, other) => (claimKey(one.seller_id, one) < claimKey(other.seller_id, other) ? -1 : 1));
  const values = [JSON.stringify(list), JSON.stringify(history), ...(isPlain ? [] : [JSON.stringify(records)])];
  const written = await runner.run<{ seller_id: string; id: string }>(isPlain ? UPDATE : WRITE, values);
  return new Set(written.map(({ seller_id, id }) => rowKey(seller_id, id)));
}

function emailOrder({ seller_id, email }: Customer): string {
  return ownerKey(seller_id, email);
}
