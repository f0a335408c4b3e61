import type { QueryResultRow } from 'pg';
import { Inject, Injectable } from '@nestjs/common';
import { arrayOf, type QueryExecutor, type Statement, Statements } from '../database/statements';
import { originColumns } from './history/history.entity';
import { insertHistory } from './history/history.repository';
import { WRITE_CLOCK } from './history/position';
import { type Customer, customerKey, type CustomerRef, emailKey, sellerEmailKey } from './customer.entity';
import { CUSTOMER_COLUMNS, CUSTOMER_FIELDS, FIELD_NAMES } from './customer.fields';
import { idempotencyKey, insertIdempotencyRecords } from './write/idempotency.repository';
import { endSessions, REMOVED_AT_ONCE, removeLongHistories } from './write/removal.repository';
import type { Deletion, PlannedWrites } from './write/write-plan';

/** An email within a seller. */
export type SellersEmail = readonly [sellerId: string, email: string];

/** How to lock rows: wait for those that others hold, or leave them out. */
export type LockMode = 'wait' | 'skip';

/** How many more customers a seller may have. `uncounted`: it has a limit, but is not locked, so a count could change. */
export type RemainingQuota = number | 'uncounted';

/** Rows are locked one after the other in the order of their ids, which all keep, so that no two wait for each other. */
const find = (lock = '') => `
  SELECT ${CUSTOMER_COLUMNS.map((column) => `customer.${column}`).join(', ')}
    FROM (SELECT * FROM unnest(${arrayOf('uuid', '$1')}, ${arrayOf('uuid', '$2')}) AS name (seller_id, id)
           ORDER BY seller_id, id) AS wanted
   CROSS JOIN LATERAL (
     SELECT * FROM customers WHERE seller_id = wanted.seller_id AND id = wanted.id LIMIT 1 ${lock}) AS customer`;

const FIND: Record<LockMode | 'none', Statement> = {
  none: { name: 'find_customers', text: find() },
  wait: { name: 'lock_customers', text: find('FOR NO KEY UPDATE') },
  skip: { name: 'lock_free_customers', text: find('FOR NO KEY UPDATE SKIP LOCKED') },
};

const FIND_EMAIL_OWNERS: Statement = {
  name: 'find_email_owners',
  text: `
  SELECT customer.seller_id, customer.id, customer.email
    FROM unnest(${arrayOf('uuid', '$1')}, ${arrayOf('text', '$2')}) AS wanted (seller_id, email)
   CROSS JOIN LATERAL (
     SELECT * FROM customers
      WHERE seller_id = wanted.seller_id AND lower(email COLLATE "C") = wanted.email LIMIT 1) AS customer`,
};

const FIND_LIMITS: Statement = {
  name: 'find_customer_limits',
  text: `
  SELECT seller.id, seller.customer_limit FROM unnest(${arrayOf('uuid', '$1')}) AS wanted (id)
    JOIN sellers AS seller ON seller.id = wanted.id WHERE seller.customer_limit IS NOT NULL`,
};

/** Makes creations of one seller follow one another, so that each counts those before it. */
const LOCK_LIMITS: Statement = {
  name: 'lock_customer_limits',
  text: `${FIND_LIMITS.text} FOR NO KEY UPDATE OF seller`,
};

/** Counts no further than the limit. */
const COUNT: Statement = {
  name: 'count_customers',
  text: 'SELECT count(*)::int AS count FROM (SELECT FROM customers WHERE seller_id = $1 LIMIT $2) AS counted',
};

const FIELD_TYPES = FIELD_NAMES.map((name) => `${name} ${CUSTOMER_FIELDS[name].column}`).join(', ');
const TYPES = `seller_id uuid, id uuid, version integer, ${FIELD_TYPES}, source text, op text, base_version integer`;

/** The database sets the times when it writes. */
const NEW_COLUMNS = CUSTOMER_COLUMNS.filter((column) => column !== 'created_at' && column !== 'updated_at').join(', ');

/*
 * One statement, so all of it commits or nothing. It skips a row that another transaction has locked, or that has changed
 * since it was read, together with its history and idempotency record. So a batch never waits for a row. Without the
 * condition on `op`, PostgreSQL would expect a hundred rows in the JSON, and might read the whole table for them.
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
       SET ${[...FIELD_NAMES, 'version'].map((column) => `${column} = free.${column}`).join(', ')},
           position = GREATEST(clock.position, customer.position), updated_at = GREATEST(clock.at, customer.updated_at)
      FROM free CROSS JOIN clock
     WHERE customer.seller_id = free.seller_id AND customer.id = free.id AND customer.version = free.base_version
    RETURNING customer.seller_id, customer.id, customer.status, customer.position, customer.updated_at
  )`;

/** For a batch that only changes rows, as most do. */
const UPDATE: Statement = {
  name: 'update_customers',
  text: `${UPDATES}, history AS (${insertHistory('$2', 'updated AS written')}) SELECT seller_id, id, updated_at FROM updated`,
};

/**
 * Also inserts new customers and idempotency records, and ends the portal sessions of customers who are no longer active.
 * It sees all of their sessions only if an earlier statement has locked the rows: otherwise a session may be made while
 * this statement is on its way to the row.
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

/** Foreign keys delete what belongs to the customers. What stays is that there were such customers. */
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

/** Reads and writes customers, on a connection of its own for each statement or, with a transaction, in that. */
@Injectable()
export class CustomersRepository {
  constructor(@Inject(Statements) private readonly executor: QueryExecutor) {}

  /** Unknown ones are left out. A lock lasts as long as the transaction. */
  async find(refs: readonly CustomerRef[], lock: LockMode | 'none' = 'none'): Promise<Customer[]> {
    if (refs.length === 0) return [];
    return this.executor.run<Customer & QueryResultRow>(FIND[lock], [
      refs.map(([sellerId]) => sellerId),
      refs.map(([, id]) => id),
    ]);
  }

  /** The ids of the customers who have one of these emails, by `sellerEmailKey`. */
  async findEmailOwners(emails: SellersEmail[]): Promise<Map<string, string>> {
    if (emails.length === 0) return new Map();
    const owners = await this.executor.run<{ seller_id: string; id: string; email: string }>(FIND_EMAIL_OWNERS, [
      emails.map(([sellerId]) => sellerId),
      emails.map(([, email]) => emailKey(email)),
    ]);
    return new Map(owners.map(({ seller_id, id, email }) => [sellerEmailKey(seller_id, email), id]));
  }

  /** The remaining quotas of those sellers who have a limit, by their ids. Only locked sellers are counted. */
  async findQuotas(sellerIds: string[], lock: boolean): Promise<Map<string, RemainingQuota>> {
    const quotas = new Map<string, RemainingQuota>();
    if (sellerIds.length === 0) return quotas;
    const statement = lock ? LOCK_LIMITS : FIND_LIMITS;
    const sellers = await this.executor.run<{ id: string; customer_limit: number }>(statement, [sellerIds]);
    for (const { id, customer_limit } of sellers) {
      const counted = lock ? await this.executor.run<{ count: number }>(COUNT, [id, customer_limit]) : [];
      quotas.set(id, lock ? customer_limit - (counted[0]?.count ?? 0) : 'uncounted');
    }
    return quotas;
  }

  /**
   * Writes what is planned. Leaves out a row that others hold or have changed, with all that belongs to it. The times are
   * those of the database's clock, which all instances share, and never before the last change of the customer.
   * @returns the keys of the rows that were written.
   * @throws DatabaseError, with nothing written, when an email or an Idempotency-Key was taken meanwhile.
   */
  async write(writes: PlannedWrites): Promise<Set<string>> {
    const { rows, history, records, deletions, deactivated, setsEmails } = writes;
    if (deletions.length > 0) await this.delete(deletions);
    if (rows.size === 0 && records.length === 0) return new Set();
    const list = [...rows.values()].map(({ op, base_version, customer }) => ({ ...customer, op, base_version }));
    const onlyUpdates = records.length === 0 && deactivated.length === 0 && list.every(({ op }) => op === 'update');
    // In an order that all keep, so that no two transactions wait for each other's emails or keys.
    if (setsEmails) list.sort((one, other) => (emailOrder(one) < emailOrder(other) ? -1 : 1));
    records.sort((one, other) =>
      idempotencyKey(one.seller_id, one) < idempotencyKey(other.seller_id, other) ? -1 : 1,
    );
    const written = await this.executor.run<{ seller_id: string; id: string; updated_at: Date; ended?: number }>(
      onlyUpdates ? UPDATE : WRITE,
      [JSON.stringify(list), JSON.stringify(history), ...(onlyUpdates ? [] : [JSON.stringify(records)])],
    );
    const times = new Map(written.map(({ seller_id, id, updated_at }) => [customerKey(seller_id, id), updated_at]));
    writes.setTimes(times);
    if ((written[0]?.ended ?? 0) >= REMOVED_AT_ONCE) await endSessions(this.executor, deactivated);
    return new Set(times.keys());
  }

  private async delete(deletions: Deletion[]): Promise<void> {
    await removeLongHistories(
      this.executor,
      deletions.map(({ customer }) => customer),
    );
    const wanted = deletions.map(({ customer: { seller_id, id }, origin }) => {
      return { seller_id, id, ...originColumns(origin) };
    });
    await this.executor.run(DELETE, [JSON.stringify(wanted)]);
  }
}

function emailOrder({ seller_id, email }: Customer): string {
  return sellerEmailKey(seller_id, email);
}
