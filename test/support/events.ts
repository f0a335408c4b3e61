import { setTimeout as sleep } from 'node:timers/promises';
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
