import { setTimeout as sleep } from 'node:timers/promises';
import { SETTLED_POSITION } from '../../src/customers/history/position';
import type { Account } from './factories';

/** Follows the feed from its beginning until a page is the last one and there are as many events as there have to be. */
export async function followEvents(account: Account, count: number, query = ''): Promise<any[]> {
  const events: any[] = [];
  for (let after = ''; ;) {
    const { body } = await account.call('GET', `/api/events?${after && `after=${after}&`}${query}`);
    events.push(...body.data);
    after = body.next_cursor;
    if (!body.has_more && events.length >= count) return events;
    if (!body.has_more) await sleep(20);
  }
}

/**
 * Waits until the feed shows all changes of the seller's customers. Until then the cursor of now is before them, as an open
 * transaction holds the feed back, also one of another test on the same server.
 */
export async function waitForFeed(account: Account): Promise<void> {
  const settled = `SELECT coalesce(max(position), 0) < ${SETTLED_POSITION} AS is_settled FROM customer_history WHERE seller_id = $1`;
  while (!(await account.sql(settled, [account.seller.id]))[0]?.is_settled) await sleep(20);
}
