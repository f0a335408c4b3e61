import type { QueryExecutor, Statement } from '../../database/statements';
import type { Customer } from '../customer.entity';

// Rows to remove are found first, and joined by where they are stored (`tableoid`, `ctid`): one read for each row, whatever
// the planner believes of the size of the table. Joined by their keys, each may cost a read of all rows of the seller.

/** How many rows one statement removes: of a million it would reach its time limit, again and again. */
export const REMOVED_AT_ONCE = 10_000;

const END_SESSIONS: Statement = {
  name: 'end_portal_sessions',
  text: `
  WITH removed AS (
    DELETE FROM portal_sessions AS session USING (
      SELECT tableoid, ctid FROM portal_sessions
       WHERE seller_id = $1 AND customer_id = $2 LIMIT ${REMOVED_AT_ONCE}) AS found
     WHERE session.tableoid = found.tableoid AND session.ctid = found.ctid
    RETURNING 1
  ) SELECT count(*)::int AS count FROM removed`,
};

const REMOVE_HISTORY: Statement = {
  name: 'remove_customer_history',
  text: `
  WITH removed AS (
    DELETE FROM customer_history AS entry USING (
      SELECT tableoid, ctid FROM customer_history
       WHERE seller_id = $1 AND customer_id = $2 ORDER BY version LIMIT ${REMOVED_AT_ONCE}) AS found
     WHERE entry.tableoid = found.tableoid AND entry.ctid = found.ctid
    RETURNING 1
  ) SELECT count(*)::int AS count FROM removed`,
};

const REMOVE_DELIVERIES: Statement = {
  name: 'remove_customer_deliveries',
  text: `
  WITH removed AS (
    DELETE FROM webhook_deliveries AS delivery USING (
      SELECT tableoid, ctid FROM webhook_deliveries
       WHERE seller_id = $1 AND customer_id = $2 LIMIT ${REMOVED_AT_ONCE}) AS found
     WHERE delivery.tableoid = found.tableoid AND delivery.ctid = found.ctid
    RETURNING 1
  ) SELECT count(*)::int AS count FROM removed`,
};

/** Up to this version, a customer has no more deliveries than are removed at once: one per version and webhook. */
const MANY_DELIVERIES = REMOVED_AT_ONCE / 20;

/** Ends the portal sessions of customers who are locked, so that no further one is made. */
export async function endSessions(transaction: QueryExecutor, customers: Customer[]): Promise<void> {
  for (const customer of customers) await removeAll(transaction, END_SESSIONS, customer);
}

/** Removes long histories of customers who are locked, and their deliveries. Shorter ones go with their customers. */
export async function removeLongHistories(transaction: QueryExecutor, customers: Customer[]): Promise<void> {
  for (const customer of customers) {
    if (customer.version > MANY_DELIVERIES) await removeAll(transaction, REMOVE_DELIVERIES, customer);
    if (customer.version > REMOVED_AT_ONCE) await removeAll(transaction, REMOVE_HISTORY, customer);
  }
}

async function removeAll(transaction: QueryExecutor, statement: Statement, { seller_id, id }: Customer): Promise<void> {
  let count;
  do [{ count }] = (await transaction.run<{ count: number }>(statement, [seller_id, id])) as [{ count: number }];
  while (count === REMOVED_AT_ONCE);
}
