import type { QueryExecutor, Statement } from '../../database/statements';
import type { Customer } from '../customer.entity';
import { originColumns } from '../history/history.entity';
import { WRITE_CLOCK } from '../history/position';
import { MAX_WEBHOOKS } from '../../sellers/seller.entity';
import type { Deletion } from './planned-writes';

// Rows to remove are found first, and joined by where they are stored (`tableoid`, `ctid`): one read for each row, whatever
// the planner believes of the size of the table. Joined by their keys, each may cost a read of all rows of the seller.

/** How many rows one statement removes: with a million it would reach its time limit, again and again. */
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

/** Up to this version, a customer has no more deliveries than are removed at once: one for each version and webhook. */
const FEW_VERSIONS = REMOVED_AT_ONCE / MAX_WEBHOOKS;

/** Ends the portal sessions of customers who are locked, so that no further one is made. */
export async function endSessions(transaction: QueryExecutor, customers: Customer[]): Promise<void> {
  for (const customer of customers) await removeAll(transaction, END_SESSIONS, customer);
}

/** Deletes customers who are locked, and all that belongs to them. */
export async function deleteCustomers(transaction: QueryExecutor, deletions: Deletion[]): Promise<void> {
  await removeLongHistories(
    transaction,
    deletions.map(({ customer }) => customer),
  );
  const wanted = deletions.map(({ customer: { seller_id, id }, origin }) => {
    return { seller_id, id, ...originColumns(origin) };
  });
  await transaction.run(DELETE, [JSON.stringify(wanted)]);
}

/** Removes long histories, and their deliveries. Shorter ones go with their customers. */
async function removeLongHistories(transaction: QueryExecutor, customers: Customer[]): Promise<void> {
  for (const customer of customers) {
    if (customer.version > FEW_VERSIONS) await removeAll(transaction, REMOVE_DELIVERIES, customer);
    if (customer.version > REMOVED_AT_ONCE) await removeAll(transaction, REMOVE_HISTORY, customer);
  }
}

async function removeAll(transaction: QueryExecutor, statement: Statement, { seller_id, id }: Customer): Promise<void> {
  let count;
  do [{ count }] = (await transaction.run<{ count: number }>(statement, [seller_id, id])) as [{ count: number }];
  while (count === REMOVED_AT_ONCE);
}
