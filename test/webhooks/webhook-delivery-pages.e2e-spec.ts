import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { DeliveriesRepository, FIND_PAGE } from '../../src/webhooks/deliveries.repository';
import { WebhooksRepository } from '../../src/webhooks/webhooks.repository';
import { runSql, useServiceWithDatabase, withDatabase } from '../support/database';
import type { Account } from '../support/factories';
import { useService } from '../support/service';
import { makeDeliveries, makeWebhook, makeWebhookAccount, until } from '../support/webhooks';

/** What a page may hold: 128 KiB of attempts, one more delivery, and what stands around them. */
const MAX_PAGE_BYTES = 300_000;

describe('Pages of deliveries', () => {
  const service = useService();
  let account: Account;
  let webhookId: string;

  beforeEach(async () => {
    account = await makeWebhookAccount(service);
    webhookId = (await makeWebhook(account)).id;
  });

  /** All pages, one after the other. */
  async function walk(query: string): Promise<any[][]> {
    const pages: any[][] = [];
    let cursor: string | null = '';
    do {
      const path: string = `/api/webhooks/${webhookId}/deliveries?${query}${cursor && `&cursor=${cursor}`}`;
      const { status, body } = await account.call('GET', path);
      expect(status).toBe(200);
      expect(JSON.stringify(body).length).toBeLessThan(MAX_PAGE_BYTES);
      pages.push(body.data);
      cursor = body.next_cursor;
    } while (cursor !== null);
    return pages;
  }

  const lengths = (pages: any[][]) => pages.map(({ length }) => length);

  it('lead on from one to the next, newest first, and say which is the last', async () => {
    await makeDeliveries(account, webhookId, { count: 40 });
    expect(lengths(await walk('limit=40'))).toEqual([40]);
    await makeDeliveries(account, webhookId, { count: 5 });
    const pages = await walk('limit=20');
    expect(lengths(pages)).toEqual([20, 20, 5]);
    const sorted = pages.flat().map(({ created_at, event_id }) => `${created_at} ${event_id}`);
    expect(sorted).toEqual([...new Set(sorted)].sort().reverse());
    expect(lengths(await walk('limit=20&status=failed'))).toEqual([0]);
  });

  it('have those of one millisecond in the order of their events, also past one that is gone', async () => {
    await makeDeliveries(account, webhookId, { count: 6 });
    const sql = (text: string) => account.sql(`${text} webhook_id = $1`, [webhookId]);
    // The order of the ids is another.
    await sql(`
      UPDATE webhook_deliveries AS delivery SET position = 7 - number, version = number
        FROM (SELECT event_id, webhook_id, row_number() OVER (ORDER BY event_id) AS number FROM webhook_deliveries) AS one
       WHERE one.event_id = delivery.event_id AND one.webhook_id = delivery.webhook_id AND delivery.`);
    const events = (await sql('SELECT event_id FROM webhook_deliveries WHERE')).map(({ event_id }) => event_id).sort();
    const listed = (await walk('limit=2')).flat().map(({ event_id }) => event_id);
    expect(listed).toEqual(events);
    const path = `/api/webhooks/${webhookId}/deliveries?limit=2`;
    const { next_cursor } = (await account.call('GET', path)).body;
    await account.sql('DELETE FROM webhook_deliveries WHERE event_id = $1', [events[1]]);
    const { body } = await account.call('GET', `${path}&cursor=${next_cursor}`);
    expect(body.data.map(({ event_id }: any) => event_id)).toEqual([events[0], events[2]]);
  });

  it('are bounded in bytes as well', async () => {
    await makeDeliveries(account, webhookId, { count: 5, large: true });
    await makeDeliveries(account, webhookId, { count: 3 });
    expect(lengths(await walk('limit=100'))).toEqual([5, 2, 1]);
    expect((await walk('limit=1')).flat()).toHaveLength(8);
    const events = (await walk('limit=100&status=succeeded')).flat().map(({ event_id }) => event_id);
    expect(new Set(events).size).toBe(8);
  });

  it('of one status end early rather than look through everything, and lead on', async () => {
    await makeDeliveries(account, webhookId, { count: 1, status: 'failed' });
    await makeDeliveries(account, webhookId, { count: 4000 });
    await makeDeliveries(account, webhookId, { count: 1, status: 'failed' });
    expect(lengths(await walk('status=failed'))).toEqual([1, 0, 1]);
    expect((await walk('status=succeeded&limit=100')).flat()).toHaveLength(4000);
  });
});

describe('A page of deliveries', () => {
  it('reads no more when there are many, also with a plan from when there were none', () =>
    withDatabase(async (url) => {
      const id = randomUUID();
      await runSql(
        url,
        'SET session_replication_role = replica',
        'ANALYZE webhook_deliveries',
        `INSERT INTO webhook_deliveries (seller_id, webhook_id, event_id, event_type, customer_id, version, position, status,
                                         next_attempt_at, created_at)
         SELECT '${id}', '${id}', gen_random_uuid(), 'customer.updated', gen_random_uuid(), 1, i, 'succeeded', now(),
                now() + i / 20 * interval '1 millisecond' FROM generate_series(1, 50000) AS i`,
      );
      const options = '-c enable_seqscan=off -c plan_cache_mode=force_generic_plan';
      const client = new Client({ connectionString: url, options });
      await client.connect();
      const values = [id, id, 'infinity', id, 101, null, 100];
      const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${FIND_PAGE.text}`, values);
      await client.end();
      const { Plan } = rows[0]['QUERY PLAN'][0];
      expect(Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks']).toBeLessThan(1000);
    }));
});

describe('Due deliveries', () => {
  // In a database of its own, where PostgreSQL has no statistics of the table.
  const service = useServiceWithDatabase({ webhookWorkers: 0 });

  it('are reserved as many as asked for, each once', async () => {
    const account = await makeWebhookAccount(service);
    const { id } = await makeWebhook(account);
    await makeDeliveries(account, id, { count: 3000, status: 'pending' });
    const repository = service.app.get(DeliveriesRepository);
    const reserve = () => repository.reserveDue(account.seller.id, id, 8);
    const reserved = await Promise.all(Array.from({ length: 20 }, reserve));
    expect(reserved.map(({ length }) => length)).toEqual(Array(20).fill(8));
    expect(new Set(reserved.flat().map(({ event_id }) => event_id)).size).toBe(160);
  });

  it('are not looked for in events that the feed does not show yet', async () => {
    const account = await makeWebhookAccount(service);
    const { id } = await makeWebhook(account);
    const find = async () => (await service.app.get(WebhooksRepository).findWork()).find((work) => work.id === id);
    const holder = new Client(service.databaseUrl);
    await holder.connect();
    await holder.query('BEGIN; SELECT pg_current_xact_id()');
    const { id: customerId } = await account.makeCustomer();
    await account.call('DELETE', `/api/customers/${(await account.makeCustomer()).id}`);
    await account.patch(customerId, { first_name: 'Jane' });
    expect(await find()).toBeUndefined();
    await holder.end();
    await until(async () => (await find())?.has_events === true);
  });
});
