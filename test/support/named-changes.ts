import type { Account } from './factories';

/** What the history says of changes that each gave a customer a first name of their own. */
export interface Kept {
  /** Acknowledged, and not in the history. */
  lost: number;
  /** In the history more than once. */
  doubled: number;
  /** In the history, though never acknowledged. */
  unacknowledged: number;
}

/** Compares the history with what a test was told. What the test made without a request counts as neither. */
export async function compareWithHistory(account: Account, acknowledged: string[]): Promise<Kept> {
  const query = `SELECT changes #>> '{first_name,new}' AS name FROM customer_history
    WHERE seller_id = $1 AND request_id IS NOT NULL`;
  const names = (await account.sql(query, [account.seller.id])).map(({ name }) => String(name));
  const [kept, told] = [new Set(names), new Set(acknowledged)];
  return {
    lost: acknowledged.filter((name) => !kept.has(name)).length,
    doubled: names.length - kept.size,
    unacknowledged: [...kept].filter((name) => !told.has(name)).length,
  };
}
