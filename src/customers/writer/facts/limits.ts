import { arrayOf, type QueryExecutor as Runner, type Statement } from '../../../database/statements';

/** How many more customers a seller may have; `uncounted` where it has a limit and nothing was locked to count. */
export type Room = number | 'uncounted';

const FIND: Statement = {
  name: 'find_customer_limits',
  text: `
  SELECT seller.id, seller.customer_limit FROM unnest(${arrayOf('uuid', '$1')}) AS wanted (id)
    JOIN sellers AS seller ON seller.id = wanted.id WHERE seller.customer_limit IS NOT NULL`,
};

/** Makes creations of one seller follow one another, so that each counts those before it. */
const LOCK: Statement = { name: 'lock_customer_limits', text: `${FIND.text} FOR NO KEY UPDATE OF seller` };

/** Not beyond the limit. */
const COUNT: Statement = {
  name: 'count_customers',
  text: 'SELECT count(*)::int AS count FROM (SELECT FROM customers WHERE seller_id = $1 LIMIT $2) AS counted',
};

/** The room that sellers have who have a limit, by their ids. */
export async function findRoom(runner: Runner, sellerIds: string[], lock: boolean): Promise<Map<string, Room>> {
  const room = new Map<string, Room>();
  if (sellerIds.length === 0) return room;
  const sellers = await runner.run<{ id: string; customer_limit: number }>(lock ? LOCK : FIND, [sellerIds]);
  for (const { id, customer_limit } of sellers) {
    const counted = lock ? await runner.run<{ count: number }>(COUNT, [id, customer_limit]) : [];
    room.set(id, lock ? customer_limit - (counted[0]?.count ?? 0) : 'uncounted');
  }
  return room;
}
