import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { BEGINNING, writeEventCursor } from '../../src/events/event';
import type { Account } from '../support/factories';
import { followEvents } from '../support/events';
import { useServiceWithDatabase } from '../support/database';
import {
  deliveriesOf,
  letTimePass,
  makeWebhook,
  makeWebhookAccount,
  type Received,
  type Reply,
  useReceivers,
} from '../support/webhooks';

describe('Deliveries of webhooks', () => {
  const service = useServiceWithDatabase({ webhookWorkers: 20, databaseStatementTimeoutMs: 5000 });
  let account: Account;
  const receive = useReceivers(() => account);

  beforeEach(async () => void (account = await makeWebhookAccount(service)));

  it('tell of every change as the feed does, signed', async () => {
    const before = await account.makeCustomer();
    const receiver = await receive();
    const { id, secret } = await makeWebhook(account, { url: receiver.url });
    const customer = await account.makeCustomer();
    await account.patch(customer.id, { first_name: 'Jane' });
    await account.call('POST', `/api/customers/${customer.id}/revert`, { body: { version: 1 } });
    await account.call('DELETE', `/api/customers/${before.id}`);
    await receiver.waitFor(4);
    const feed = await followEvents(account, 4);
    for (const { headers, body } of receiver.received) {
      const sent = new Webhook(secret).verify(body, headers as Record<string, string>) as any;
      expect(sent).toEqual({ type: sent.data.type, timestamp: sent.data.created_at, data: sent.data });
      expect(headers).toMatchObject({ 'webhook-id': sent.data.id, 'content-type': 'application/json' });
      expect(feed).toContainEqual(sent.data);
      expect(() => new Webhook(`whsec_${'A'.repeat(43)}=`).verify(body, headers as Record<string, string>)).toThrow();
    }
    expect(new Set(receiver.events.map(({ type }) => type))).toEqual(
      new Set(['customer.created', 'customer.updated', 'customer.reverted', 'customer.deleted']),
    );
    const deliveries = await deliveriesOf(account, id, (all) => all.every(({ status }) => status === 'succeeded'));
    expect(deliveries).toHaveLength(4);
    for (const { event_type, next_attempt_at, attempts } of deliveries) {
      const response = event_type === 'customer.deleted' ? null : 'OK';
      expect(next_attempt_at).toBeNull();
      expect(attempts).toMatchObject([{ status_code: 200, error: null, response, duration_ms: expect.any(Number) }]);
    }
  });

  it('tell of the types that are asked for alone', async () => {
    const receiver = await receive();
    await makeWebhook(account, { url: receiver.url, event_types: ['customer.updated'] });
    const { id } = await account.makeCustomer();
    await account.patch(id, { first_name: 'Jane' });
    await receiver.waitFor(1);
    expect(receiver.events).toMatchObject([{ type: 'customer.updated', data: { customer: { first_name: 'Jane' } } }]);
  });

  it('have two signatures while a rotated secret overlaps', async () => {
    const receiver = await receive();
    const { id, secret } = await makeWebhook(account, { url: receiver.url });
    const rotated = await account.call('POST', `/api/webhooks/${id}/rotate-secret`, { body: { overlap_seconds: 60 } });
    expect(rotated.status).toBe(201);
    expect(rotated.body.secret).not.toBe(secret);
    await account.makeCustomer();
    await receiver.waitFor(1);
    const [{ headers, body }] = receiver.received as [Received];
    expect(String(headers['webhook-signature']).split(' ')).toHaveLength(2);
    for (const one of [secret, rotated.body.secret]) new Webhook(one).verify(body, headers as Record<string, string>);
    // An attempt that is not recorded yet would be due again.
    await deliveriesOf(account, id, ([one]) => one?.status === 'succeeded');
    await letTimePass(account, id, '2 min');
    await account.makeCustomer();
    await receiver.waitFor(2);
    expect(receiver.received[1]?.headers['webhook-signature']).toMatch(/^v1,[^ ]+$/);
    const atOnce = await account.call('POST', `/api/webhooks/${id}/rotate-secret`, { body: { overlap_seconds: 0 } });
    await account.makeCustomer();
    await receiver.waitFor(3);
    const last = receiver.received[2];
    new Webhook(atOnce.body.secret).verify(last?.body ?? '', last?.headers as Record<string, string>);
    expect(last?.headers['webhook-signature']).toMatch(/^v1,[^ ]+$/);
  });

  it('can be tried, also when the webhook is disabled', async () => {
    let status = 204;
    const receiver = await receive((_, response) => void response.writeHead(status).end());
    const { id, secret } = await makeWebhook(account, { url: receiver.url, status: 'disabled' });
    const test = () => account.call('POST', `/api/webhooks/${id}/test`);
    expect(await test()).toMatchObject({
      status: 200,
      body: { status_code: 204, duration_ms: expect.any(Number), error: null },
    });
    status = 404;
    expect((await test()).body).toMatchObject({ status_code: 404, error: 'The receiver answered with status 404' });
    const [{ headers, body }] = receiver.received as [Received];
    const sent = new Webhook(secret).verify(body, headers as Record<string, string>) as any;
    expect(sent).toMatchObject({ type: 'webhook.test', data: { type: 'webhook.test', webhook_id: id } });
    await receiver.close();
    expect((await test()).body).toMatchObject({ status_code: null, error: 'The connection was refused' });
    expect(await deliveriesOf(account, id)).toEqual([]);
  });

  it('do not wait for one that takes long', async () => {
    let hung: Received | undefined;
    const receiver = await receive((_, response, received) => {
      if (received.length === 2) hung = received[1];
      else response.end('OK');
    });
    const { id } = await makeWebhook(account, { url: receiver.url });
    await account.makeCustomer();
    await deliveriesOf(account, id, ([one]) => one?.status === 'succeeded');
    const startedAt = Date.now();
    for (let i = 0; i < 40; i++) await account.makeCustomer();
    await receiver.waitFor(41);
    await deliveriesOf(account, id, (all) => all.filter(({ status }) => status === 'succeeded').length === 40);
    expect(hung).toBeDefined();
    // The one that hangs has 15 seconds.
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });

  it('can be asked for again, from any place in the feed', async () => {
    const customer = await account.makeCustomer();
    const receiver = await receive();
    const { id } = await makeWebhook(account, { url: receiver.url });
    await account.patch(customer.id, { first_name: 'Jane' });
    await receiver.waitFor(1);
    await deliveriesOf(account, id, ([one]) => one?.status === 'succeeded');
    const { next_cursor: after } = (await account.call('GET', '/api/events?limit=1')).body;
    const replay = (body: object) => account.call('POST', `/api/webhooks/${id}/replay`, { body });
    expect((await replay({ after })).status).toBe(202);
    await receiver.waitFor(2);
    await deliveriesOf(account, id, ([one]) => one?.attempts.length === 2 && one.status === 'succeeded');
    expect((await replay({ after: writeEventCursor(BEGINNING) })).status).toBe(202);
    await receiver.waitFor(4);
    expect(
      receiver.events
        .map(({ type }) => type)
        .slice(2)
        .sort(),
    ).toEqual(['customer.created', 'customer.updated']);
  });

  it('end with the customer, of whom the deletion alone is told', async () => {
    // What a receiver says may repeat what it was sent.
    const echo =
      (status: number): Reply =>
      (_, response, received) =>
        void response.writeHead(status).end(`Zebedee: ${received.at(-1)?.body}`);
    const [failing, healthy] = [await receive(echo(500)), await receive(echo(200))];
    const { id } = await makeWebhook(account, { url: failing.url });
    const { id: healthyId } = await makeWebhook(account, { url: healthy.url });
    const customer = await account.makeCustomer({ first_name: 'Zebedee', email: 'zebedee@example.com' });
    await deliveriesOf(account, id, ([one]) => one?.attempts.length === 1);
    await deliveriesOf(account, healthyId, ([one]) => one?.status === 'succeeded');
    expect((await rowsWith(account, 'zebedee')).length).toBeGreaterThan(2);
    expect((await account.call('DELETE', `/api/customers/${customer.id}`)).status).toBe(204);
    const left = await deliveriesOf(account, id, ([one]) => one?.event_type === 'customer.deleted');
    expect(left).toHaveLength(1);
    await failing.waitFor(2);
    expect(failing.events[1]).toMatchObject({ type: 'customer.deleted', data: { customer: null, changes: null } });
    await letTimePass(account, id, '1 hour');
    await failing.waitFor(3);
    expect(failing.events[2]).toEqual(failing.events[1]);
    await deliveriesOf(account, healthyId, (all) => all.length === 1 && all[0].status === 'succeeded');
    expect(await rowsWith(account, 'zebedee')).toEqual([]);
    expect(JSON.stringify(await followEvents(account, 1))).not.toMatch(/zebedee/i);
  });

  it.each(['enabled', 'disabled'])(
    'that begin while their customer is being deleted leave nothing (%s)',
    async (status) => {
      const receiver = await receive((_, response, received) => void response.end(received.at(-1)?.body));
      const customer = await account.makeCustomer({ first_name: 'Ferdinand' });
      const { id } = await makeWebhook(account, { url: receiver.url, event_types: ['customer.created'] });
      await account.sql(`CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(1.5); RETURN OLD; END $$`);
      await account.sql(
        `CREATE TRIGGER take_time BEFORE DELETE ON customers FOR EACH ROW EXECUTE FUNCTION take_time()`,
      );
      const deletion = account.call('DELETE', `/api/customers/${customer.id}`);
      await sleep(300);
      await account.call('POST', `/api/webhooks/${id}/replay`, { body: { after: writeEventCursor(BEGINNING) } });
      await receiver.waitFor(1);
      expect(receiver.events[0].data.customer.first_name).toBe('Ferdinand');
      await deliveriesOf(account, id, ([one]) => one.status === 'succeeded');
      await account.call('PATCH', `/api/webhooks/${id}`, { body: { status } });
      expect((await deletion).status).toBe(204);
      await account.sql('DROP FUNCTION take_time CASCADE');
      expect(await rowsWith(account, 'ferdinand')).toEqual([]);
      if (status === 'enabled') await deliveriesOf(account, id, (all) => all.length === 0);
    },
  );
});

/** The rows of all tables that have a text somewhere, in any letter case. */
async function rowsWith(account: Account, text: string): Promise<string[]> {
  const tables = await account.sql(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
      WHERE table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await account.sql(`SELECT t::text AS row FROM ${name} t WHERE t::text ILIKE '%' || $1 || '%'`, [text]);
    found.push(...rows.map(({ row }) => `${name}: ${row}`));
  }
  return found;
}
