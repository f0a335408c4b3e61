import type { QueryExecutor as Runner, Statement } from '../../database/statements';
import { insertHistory, originColumns } from '../../history/history-entry';
import { WRITE_CLOCK } from '../../history/position';
import type { Customer } from '../customer.entity';
import { COLUMNS, rowKey } from '../rows';
import { ownerKey } from './facts/emails';
import { claimKey } from './facts/records';
import { MEMBERS } from './merge';
import { endSessions, REMOVED_AT_ONCE, removeLongHistories } from './removal';
import type { Writes } from './writes';

const TYPES = `seller_id uuid, id uuid, version integer, first_name text, last_name text, email text, company_name text,
  legal_entity text, language text, status text, address_data jsonb, postal_redirect_address jsonb, source text,
  op text, base_version integer`;

/** What the database sets when it writes. */
const GIVEN_BY_CLIENT = COLUMNS.filter((column) => column !== 'created_at' && column !== 'updated_at').join(', ');

/*
 * One statement, which commits as one. A row that somebody else holds, or has changed since it was read, is left out with
 * all that belongs to it, and nobody waits for it. The condition on `op` also lets PostgreSQL expect few rows: of a list of
 * unknown length it would expect a hundred, and may read the whole table for them.
 */
const UPDATES = `
  WITH clock AS MATERIALIZED (${WRITE_CLOCK}),
  row AS MATERIALIZED (SELECT * FROM json_to_recordset($1) AS row (${TYPES})),
  free AS MATERIALIZED (
    SELECT row.* FROM row CROSS JOIN LATERAL (
      SELECT FROM customers AS customer
       WHERE customer.seller_id = row.seller_id AND customer.id = row.id AND customer.version = row.base_version
         FOR NO KEY UPDATE SKIP LOCKED) AS locked
     WHERE row.op = 'update'
  ),
  updated AS (
    UPDATE customers AS customer
       SET ${[...MEMBERS, 'version'].map((column) => `${column} = free.${column}`).join(', ')},
           position = GREATEST(clock.position, customer.position), updated_at = GREATEST(clock.at, customer.updated_at)
      FROM free CROSS JOIN clock
     WHERE customer.seller_id = free.seller_id AND customer.id = free.id AND customer.version = free.base_version
    RETURNING customer.seller_id, customer.id, customer.status, customer.position, customer.updated_at
  )`;

/** What most lists are: changes of rows, and their history. */
const UPDATE: Statement = {
  name: 'update_customers',
  text: `${UPDATES}, history AS (${insertHistory('$2', 'updated AS written')}) SELECT seller_id, id, updated_at FROM updated`,
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
    INSERT INTO customers (${GIVEN_BY_CLIENT}, position, created_at, updated_at)
    SELECT ${GIVEN_BY_CLIENT}, clock.position, clock.at, clock.at FROM row CROSS JOIN clock WHERE op = 'create'
    RETURNING seller_id, id, position, updated_at
  ),
  written AS (
    SELECT seller_id, id, position, updated_at FROM updated UNION ALL SELECT seller_id, id, position, updated_at FROM created
  ),
  history AS (${insertHistory('$2', 'written')}),
  ended AS (
    DELETE FROM portal_sessions AS session USING (
      SELECT found.* FROM updated CROSS JOIN LATERAL (
        SELECT tableoid, ctid FROM portal_sessions
         WHERE seller_id = updated.seller_id AND customer_id = updated.id LIMIT ${REMOVED_AT_ONCE}) AS found
       WHERE updated.status <> 'active') AS ending
     WHERE session.tableoid = ending.tableoid AND session.ctid = ending.ctid RETURNING 1
  ),
  records AS (
    INSERT INTO idempotency_records (seller_id, key, method, path, fingerprint, outcome)
    SELECT record.seller_id, record.key, record.method, record.path, decode(record.fingerprint, 'hex'), record.outcome
      FROM json_to_recordset($3) AS record (seller_id uuid, key text, method text, path text, fingerprint text,
           outcome json, customer_id uuid)
     WHERE record.customer_id IS NULL OR EXISTS (
       SELECT FROM written WHERE written.seller_id = record.seller_id AND written.id = record.customer_id)
  )
  SELECT seller_id, id, updated_at, (SELECT count(*)::int FROM ended) AS ended FROM written`,
};

/** With the rows goes all that is kept of the customers, but for the fact that there were such customers. */
const DELETE: Statement = {
  name: 'delete_customers',
  text: `
  WITH clock AS MATERIALIZED (${WRITE_CLOCK}),
  wanted AS (
    SELECT * FROM json_to_recordset($1) AS wanted (seller_id uuid, id uuid, actor_type text, actor_id uuid, actor_name text,
                                                   request_id text)
  ),
  deleted AS (
    DELETE FROM customers AS customer USING wanted
     WHERE customer.seller_id = wanted.seller_id AND customer.id = wanted.id
    RETURNING customer.seller_id, customer.id, customer.version, customer.position, customer.updated_at
  ),
  undelivered AS (
    DELETE FROM webhook_deliveries AS delivery USING wanted
     WHERE delivery.seller_id = wanted.seller_id AND delivery.customer_id = wanted.id
  )
  INSERT INTO customer_deletions (seller_id, customer_id, version, position, actor_type, actor_id, actor_name, request_id,
                                  created_at)
  SELECT deleted.seller_id, deleted.id, deleted.version, GREATEST(clock.position, deleted.position), wanted.actor_type,
         wanted.actor_id, wanted.actor_name, wanted.request_id, GREATEST(clock.at, deleted.updated_at)
    FROM deleted JOIN wanted ON wanted.seller_id = deleted.seller_id AND wanted.id = deleted.id CROSS JOIN clock`,
};

/**
 * Writes what is planned: all of it or, where a row is held or was changed meanwhile, all that belongs to the others.
 * Dates what was written by the database's clock, which all instances share, and never back behind what was there.
 * @returns the keys of the rows that were written.
 * @throws DatabaseError, with nothing written, when an email or an Idempotency-Key was taken meanwhile.
 */
export async function write(runner: Runner, writes: Writes): Promise<Set<string>> {
  const { rows, history, records, deletions, deactivated, touchesEmails } = writes;
  if (deletions.length > 0) {
    const wanted = deletions.map(({ customer, origin }) => {
      return { seller_id: customer.seller_id, id: customer.id, ...originColumns(origin) };
    });
    await removeLongHistories(
      runner,
      deletions.map(({ customer }) => customer),
    );
    await runner.run(DELETE, [JSON.stringify(wanted)]);
  }
  if (rows.size === 0 && records.length === 0) return new Set();
  const list = [...rows.values()].map(({ op, base_version, customer }) => ({ ...customer, op, base_version }));
  const isPlain = records.length === 0 && deactivated.length === 0 && list.every(({ op }) => op === 'update');
  // In an order that all keep, so that no two wait for each other's emails, or keys.
  if (touchesEmails) list.sort((one, other) => (emailOrder(one) < emailOrder(other) ? -1 : 1));
  records.sort((one, other) => (claimKey(one.seller_id, one) < claimKey(other.seller_id, other) ? -1 : 1));
  const values = [JSON.stringify(list), JSON.stringify(history), ...(isPlain ? [] : [JSON.stringify(records)])];
  const written = await runner.run<{ seller_id: string; id: string; updated_at: Date; ended?: number }>(
    isPlain ? UPDATE : WRITE,
    values,
  );
  const times = new Map(written.map(({ seller_id, id, updated_at }) => [rowKey(seller_id, id), updated_at]));
  writes.date(times);
  if ((written[0]?.ended ?? 0) >= REMOVED_AT_ONCE) await endSessions(runner, deactivated);
  return new Set(times.keys());
}

function emailOrder({ seller_id, email }: Customer): string {
  return ownerKey(seller_id, email);
}
