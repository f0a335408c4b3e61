import type { QueryExecutor, Statement } from '../../database/statements';
import type { Customer } from '../customer.entity';

// Rows to remove are found first, and joined by where they are stored (`tableoid`, `ctid`): one read for each row, whatever
// the planner believes of the size of the table. Joined by their keys, each may cost a read of all rows of the seller.

/** How many rows one statement removes: of a million it would reach its time limit, again and again. */
export const REMOVED_AT_ONCE = 10_000;

function removalFrom(table: string, name: string, order = ''): Statement {
  return {
    name,
    text: `
  WITH removed AS (
    DELETE FROM ${table} AS entry USING (
      SELECT tableoid, ctid FROM ${table}
       WHERE seller_id = $1 AND customer_id = $2 ${order} LIMIT ${REMOVED_AT_ONCE}) AS found
     WHERE entry.tableoid = found.tableoid AND entry.ctid = found.ctid
    RETURNING 1
  ) SELECT count(*)::int AS count FROM removed`,
  };
}

const END_SESSIONS = removalFrom('portal_sessions', 'end_portal_sessions');
const REMOVE_HISTORY = removalFrom('customer_history', 'remove_customer_history', 'ORDER BY version');
const REMOVE_DELIVERIES = removalFrom('webhook_deliveries', 'remove_customer_deliveries');

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
