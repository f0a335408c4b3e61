import type { QueryResultRow } from 'pg';
import { type Columns, parametersOf, type QueryExecutor, rowsOf, type Statement } from '../../database/statements';
import { ENTRY_COLUMNS, insertHistory } from '../history/history.repository';
import { WRITE_CLOCK } from '../history/position';
import { customerKey, sellerEmailKey } from '../customer.entity';
import { CUSTOMER_COLUMNS, CUSTOMER_FIELDS, FIELD_NAMES } from '../customer.fields';
import { idempotencyKey, insertIdempotencyRecords } from './idempotency.repository';
import { deleteCustomers, endSessions, REMOVED_AT_ONCE } from './removal.repository';
import type { PlannedWrites, RowWrite } from './planned-writes';

/** The columns of a row that the service sets, and what is to be done with it. */
const ROW_COLUMNS: Columns = {
  seller_id: 'uuid',
  id: 'uuid',
  version: 'integer',
  ...Object.fromEntries(FIELD_NAMES.map((name) => [name, CUSTOMER_FIELDS[name].column])),
  source: 'text',
  op: 'text',
  base_version: 'integer',
};

/** The database sets the times when it writes. */
const NEW_COLUMNS = CUSTOMER_COLUMNS.filter((column) => column !== 'created_at' && column !== 'updated_at').join(', ');

/** Neither the position nor the time of a customer ever goes back. */
const SET_CLOCK = `position = GREATEST(clock.position, customer.position),
           updated_at = GREATEST(clock.at, customer.updated_at)`;

/*
 * One statement, so all of it commits or nothing. It skips a row that another transaction has locked, or that has changed
 * since it was read, together with its history and idempotency record. So a batch never waits for a row. Without the
 * condition on `op`, PostgreSQL would expect a hundred rows in the JSON, and might read the whole table for them.
 */
const UPDATES = `
  WITH clock AS MATERIALIZED (${WRITE_CLOCK}),
  row AS MATERIALIZED ${rowsOf(ROW_COLUMNS, '$1')},
  free AS MATERIALIZED (
    SELECT row.* FROM row CROSS JOIN LATERAL (
      SELECT FROM customers AS customer
       WHERE customer.seller_id = row.seller_id AND customer.id = row.id AND customer.version = row.base_version
         FOR NO KEY UPDATE SKIP LOCKED) AS locked
     WHERE row.op = 'update'
  ),
  updated AS (
    UPDATE customers AS customer
       SET ${[...FIELD_NAMES, 'version'].map((column) => `${column} = free.${column}`).join(', ')},
           ${SET_CLOCK}
      FROM free CROSS JOIN clock
     WHERE customer.seller_id = free.seller_id AND customer.id = free.id AND customer.version = free.base_version
    RETURNING customer.seller_id, customer.id, customer.status, customer.position, customer.updated_at
  )`;

/** For a batch that only changes rows, as most do. */
const UPDATE: Statement = {
  name: 'update_customers',
  text: `${UPDATES}, history AS (${insertHistory('$2', 'updated AS written')}) SELECT seller_id, id, updated_at FROM updated`,
};

const SET_COLUMNS = ['version' as const, ...FIELD_NAMES];
const ENTRY_NAMES = Object.keys(ENTRY_COLUMNS) as (keyof typeof ENTRY_COLUMNS)[];

/** The same for one row with one entry: its values are parameters, which costs both sides less than JSON does. */
const UPDATE_ONE: Statement = {
  name: 'update_customer',
  text: `
  WITH clock AS MATERIALIZED (${WRITE_CLOCK}),
  free AS MATERIALIZED (
    SELECT FROM customers WHERE seller_id = $1 AND id = $2 AND version = $3 FOR NO KEY UPDATE SKIP LOCKED
  ),
  updated AS (
    UPDATE customers AS customer
       SET ${SET_COLUMNS.map((column, index) => `${column} = $${4 + index}`).join(', ')}, ${SET_CLOCK}
      FROM clock
     WHERE seller_id = $1 AND id = $2 AND version = $3 AND EXISTS (SELECT FROM free)
    RETURNING customer.position, customer.updated_at
  )
  INSERT INTO customer_history (${ENTRY_NAMES.join(', ')}, position, created_at)
  SELECT ${parametersOf(ENTRY_COLUMNS, 4 + SET_COLUMNS.length)}, position, updated_at FROM updated
  RETURNING seller_id, customer_id AS id, created_at AS updated_at`,
};

/**
 * Also inserts new customers and idempotency records, and ends the portal sessions of customers who are no longer active.
 * It ends all of their sessions only if an earlier statement has locked the rows: otherwise a session may be created after
 * this statement has begun, and it does not see that session.
 */
const WRITE: Statement = {
  name: 'write_customers',
  text: `${UPDATES},
  created AS (
    INSERT INTO customers (${NEW_COLUMNS}, position, created_at, updated_at)
    SELECT ${NEW_COLUMNS}, clock.position, clock.at, clock.at FROM row CROSS JOIN clock WHERE op = 'create'
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
  records AS (${insertIdempotencyRecords('$3', 'written')})
  SELECT seller_id, id, updated_at, (SELECT count(*)::int FROM ended) AS ended FROM written`,
};

/**
 * Writes what is planned. Leaves out a row that others hold or have changed, with all that belongs to it. The times are
 * those of the database's clock, which all instances share, and never before the last change of the customer.
 * @returns the keys of the rows that were written.
 * @throws DatabaseError, with nothing written, when an email or an Idempotency-Key was taken meanwhile.
 */
export async function writeCustomers(executor: QueryExecutor, writes: PlannedWrites): Promise<Set<string>> {
  const { rows, records, deletions, deactivated, setsEmails } = writes;
  if (deletions.length > 0) await deleteCustomers(executor, deletions);
  if (rows.size === 0 && records.length === 0) return new Set();
  const list = [...rows.values()];
  // In an order that all keep, so that no two transactions wait for each other's emails or keys.
  if (setsEmails) list.sort(inOrderOf(({ customer }) => sellerEmailKey(customer.seller_id, customer.email)));
  const ordered = records.toSorted(inOrderOf((record) => idempotencyKey(record.seller_id, record)));
  const written = await runWrite(executor, list, { ...writes, records: ordered });
  const times = new Map(written.map(({ seller_id, id, updated_at }) => [customerKey(seller_id, id), updated_at]));
  writes.setTimes(times);
  if ((written[0]?.ended ?? 0) >= REMOVED_AT_ONCE) await endSessions(executor, deactivated);
  return new Set(times.keys());
}

/** Chooses the cheapest statement that is sufficient. */
function runWrite(
  executor: QueryExecutor,
  rows: RowWrite[],
  { history, records, deactivated }: Pick<PlannedWrites, 'history' | 'records' | 'deactivated'>,
): Promise<WrittenRow[]> {
  const [row, ...otherRows] = rows;
  const [entry, ...otherEntries] = history;
  if (records.length > 0 || deactivated.length > 0 || rows.some(({ op }) => op === 'create')) {
    return executor.run(WRITE, [toJson(rows), JSON.stringify(history), JSON.stringify(records)]);
  }
  if (!row || !entry || otherRows.length > 0 || otherEntries.length > 0) {
    return executor.run(UPDATE, [toJson(rows), JSON.stringify(history)]);
  }
  const { customer, base_version } = row;
  const fields = [...SET_COLUMNS.map((column) => customer[column]), ...ENTRY_NAMES.map((column) => entry[column])];
  return executor.run(UPDATE_ONE, [customer.seller_id, customer.id, base_version, ...fields]);
}

interface WrittenRow extends QueryResultRow {
  seller_id: string;
  id: string;
  updated_at: Date;
  /** How many portal sessions were ended, in all. */
  ended?: number;
}

function toJson(rows: RowWrite[]): string {
  return JSON.stringify(rows.map(({ customer, op, base_version }) => ({ ...customer, op, base_version })));
}

function inOrderOf<T>(keyOf: (item: T) => string): (one: T, other: T) => number {
  return (one, other) => (keyOf(one) < keyOf(other) ? -1 : 1);
}
