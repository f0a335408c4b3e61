import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { useServiceWithDatabase } from '../support/database';
import { followEvents } from '../support/events';
import { DeliveringInstance } from '../support/delivering-instance';
import type { Account } from '../support/factories';
import { quantile } from '../support/mirrors';
import { OwnPostgres } from '../support/own-postgres';
import { startService } from '../support/service';
import {
  deliveriesOf,
  errorsOf,
  lagsOf,
  makeWebhook,
  makeWebhookAccount,
  Receiver,
  type Reply,
  until,
} from '../support/webhooks';

const MB = 1e6;
const GB = 1e9;

/** What the healthy receiver's events may take from their change, beside the fault. */
const MAX_LAG_MS = 1000;

/** What a fault may add to the memory of an instance. */
const MAX_GROWTH_MB = 60;

/** An attempt of an instance that was killed counts as lost after 30 seconds. */
const LEASE_MS = 30_000;

function print(fault: string, figures: object): void {
  process.stdout.write(`Deliveries, ${fault}: ${JSON.stringify(figures)}\n`);
}

/** Versions of some customers, by bulk updates of 100. */
async function change(account: Account, events: number): Promise<void> {
  const ids = [];
  for (let i = 0; i < 100; i++) ids.push((await account.makeCustomer()).id);
  for (let done = 100; done < events; done += 100) {
    const customers = ids.map((id) => ({ id, first_name: `Name ${done}` }));
    expect((await account.call('PATCH', '/api/customers', { body: { customers } })).status).toBe(200);
  }
}

/** What the receiver has to have: every event of the feed, told by its id. */
async function waitForAll(account: Account, receiver: Receiver, count: number) {
  const feed = await followEvents(account, count, 'limit=500');
  await until(() => new Set(receiver.events.map(({ data }) => data.id)).size >= feed.length);
  const ids = receiver.events.map(({ data }) => data.id);
  const missed = feed.filter(({ id }) => !ids.includes(id)).length;
  return { events: feed.length, missed, doubled: ids.length - new Set(ids).size };
}

describe('Deliveries of webhooks', () => {
  const service = useServiceWithDatabase();
  let account: Account;
  const receivers: Receiver[] = [];

  beforeEach(async () => void (account = await makeWebhookAccount(service)));
  afterEach(async () => {
    await account.sql(`UPDATE webhooks SET status = 'disabled'`);
    await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
  });

  const receive = async (reply?: Reply): Promise<Receiver> => {
    const receiver = await Receiver.start(reply);
    receivers.push(receiver);
    return receiver;
  };

  it('are shared by two instances, which tell of everything once @ci', async () => {
    const instances = await Promise.all([
      DeliveringInstance.start(service.databaseUrl),
      DeliveringInstance.start(service.databaseUrl),
    ]);
    const receiver = await receive();
    for (let i = 0; i < 4; i++) await makeWebhook(account, { url: `${receiver.url}/${i}` });
    await change(account, 500);
    const feed = await followEvents(account, 500, 'limit=500');
    const count = feed.length * 4;
    await until(() => receiver.received.length >= count);
    const keys = new Set(receiver.received.map(({ path, headers }) => `${path} ${headers['webhook-id']}`));
    // An attempt is counted once it is recorded.
    const attempts = async () => Promise.all(instances.map((instance) => instance.attempts()));
    await until(async () => (await attempts()).reduce((sum, one) => sum + one) >= count);
    const each = await attempts();
    print('two instances', {
      deliveries: count,
      each,
      doubled: receiver.received.length - keys.size,
      errors: await errorsOf(account, receiver),
    });
    expect([keys.size, receiver.received.length]).toEqual([count, count]);
    for (const one of each) expect(one).toBeGreaterThan(0);
    for (const instance of instances) expect(await instance.end()).toBe(0);
  }, 90_000);

  it('go on when the instance that makes them is killed, and lose nothing', async () => {
    const [first, second] = await Promise.all([
      DeliveringInstance.start(service.databaseUrl),
      DeliveringInstance.start(service.databaseUrl),
    ]);
    const receiver = await receive((_, response) => void setTimeout(() => response.end('OK'), 20));
    await makeWebhook(account, { url: receiver.url });
    await change(account, 1000);
    await receiver.waitFor(100);
    await first.end('SIGKILL');
    const killedAt = Date.now();
    const figures = await waitForAll(account, receiver, 1000);
    const recovery = Date.now() - killedAt;
    print('kill -9 of one of two instances', { ...figures, recovery });
    expect(figures.missed).toBe(0);
    expect(recovery).toBeLessThan(LEASE_MS + 20_000);
    expect(await second.end()).toBe(0);
  }, 120_000);

  it('to twenty webhooks of each of five sellers come within a second @ci', async () => {
    const receiver = await receive();
    const accounts = await Promise.all(Array.from({ length: 5 }, () => makeWebhookAccount(service)));
    for (const seller of accounts) for (let i = 0; i < 20; i++) await makeWebhook(seller, { url: receiver.url });
    const instance = await DeliveringInstance.start(service.databaseUrl);
    const customers = await Promise.all(accounts.map((seller) => seller.makeCustomer()));
    await receiver.waitFor(100);
    // A hundred deliveries a second.
    for (let i = 0; i < 40; i++) {
      await accounts[i % 5]?.patch(customers[i % 5]?.id ?? '', { first_name: `Name ${i}` });
      await sleep(200);
    }
    await receiver.waitFor(900);
    const lag = lagsOf(receiver.received.slice(100));
    const [lagP50, lagP99] = [quantile(lag, 0.5), quantile(lag, 0.99)];
    print('to a hundred webhooks', { deliveries: lag.length, lagP50, lagP99 });
    expect(lagP99).toBeLessThan(MAX_LAG_MS);
    expect(await instance.end()).toBe(0);
  }, 60_000);

  it('of 10,000 events to a receiver that never answers do not delay those to others', async () => {
    const [dead, healthy] = [await receive(() => undefined), await receive()];
    const { id } = await makeWebhook(account, { url: dead.url });
    await change(account, 10_000);
    await followEvents(account, 10_000, 'limit=500');
    const instance = await DeliveringInstance.start(service.databaseUrl);
    const pending = () =>
      account.sql(
        `SELECT count(*)::int AS count FROM webhook_deliveries WHERE webhook_id = $1 AND status = 'pending'`,
        [id],
      );
    await until(async () => (await pending())[0]?.count === 10_000);
    const [last] = await account.sql('SELECT max(created_at) AS at FROM webhook_deliveries WHERE webhook_id = $1', [
      id,
    ]);
    expect(dead.received[0]?.at).toBeLessThan(last?.at.getTime());
    const memoryBefore = await instance.memoryMb();
    const other = await makeWebhookAccount(service);
    for (const seller of [account, other]) await makeWebhook(seller, { url: healthy.url });
    let changes = 0;
    for (const seller of [account, other]) {
      const customer = await seller.makeCustomer();
      for (let i = 0; i < 150; i++, changes++) {
        expect((await seller.patch(customer.id, { first_name: `Name ${i}` })).status).toBe(200);
        await sleep(30);
      }
    }
    await until(() => new Set(healthy.events.map(({ data }) => data.id)).size >= changes + 2);
    const lag = lagsOf(healthy.received);
    const [lagP50, lagP99] = [quantile(lag, 0.5), quantile(lag, 0.99)];
    const growthMb = (await instance.memoryMb()) - memoryBefore;
    print('a dead receiver with 10,000 events', {
      healthy: lag.length,
      lagP50,
      lagP99,
      memoryBefore,
      growthMb,
      errors: await errorsOf(account, healthy),
    });
    expect(lagP99).toBeLessThan(MAX_LAG_MS);
    expect(growthMb).toBeLessThan(MAX_GROWTH_MB);
    // Nothing of the dead one's is lost.
    expect((await pending())[0]?.count).toBeGreaterThanOrEqual(10_000);
    expect(await instance.end()).toBe(0);
  }, 180_000);

  it('read no more than the beginning of an answer of 1 GB', async () => {
    const block = Buffer.alloc(MB, 'x');
    let written = 0;
    const answer = async (response: ServerResponse) => {
      response.on('error', () => undefined).writeHead(200, { 'content-length': GB });
      for (let sent = 0; sent < GB && !response.destroyed; sent += block.length) {
        if (!response.write(block)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
        written += block.length;
      }
    };
    const receiver = await receive((_, response) => void answer(response));
    const instance = await DeliveringInstance.start(service.databaseUrl);
    const { id } = await makeWebhook(account, { url: receiver.url });
    const memoryBefore = await instance.memoryMb();
    for (let i = 0; i < 10; i++) await account.makeCustomer();
    const deliveries = await deliveriesOf(
      account,
      id,
      (all) => all.length === 10 && all.every(({ status }) => status === 'succeeded'),
    );
    const growthMb = (await instance.memoryMb()) - memoryBefore;
    print('answers of 1 GB', {
      deliveries: deliveries.length,
      writtenMb: Math.round(written / MB),
      memoryBefore,
      growthMb,
    });
    for (const { attempts } of deliveries)
      expect(attempts).toMatchObject([{ status_code: 200, response: 'x'.repeat(1024) }]);
    expect(written).toBeLessThan(0.1 * GB);
    expect(growthMb).toBeLessThan(MAX_GROWTH_MB);
    expect(await instance.end()).toBe(0);
  }, 90_000);
});

describe('Deliveries of webhooks whose database is restarted', () => {
  it('go on by themselves, and lose nothing', async () => {
    const postgres = await OwnPostgres.start();
    const service = await startService({ databaseUrl: postgres.url, webhookWorkers: 20 });
    const receiver = await Receiver.start((_, response) => void setTimeout(() => response.end('OK'), 20));
    try {
      const account = await makeWebhookAccount(service);
      await makeWebhook(account, { url: receiver.url });
      await change(account, 1000);
      await receiver.waitFor(100);
      await postgres.stop();
      await sleep(1000);
      await postgres.start();
      const restartedAt = Date.now();
      await until(async () => (await account.call('GET', '/api/me')).status === 200);
      await account.makeCustomer();
      const figures = await waitForAll(account, receiver, 1001);
      const recovery = Date.now() - restartedAt;
      print('the database is restarted', { ...figures, recovery });
      expect(figures).toMatchObject({ events: 1001, missed: 0 });
      expect(recovery).toBeLessThan(LEASE_MS + 20_000);
    } finally {
      await service.app.close();
      await receiver.close();
      await postgres.remove();
    }
  }, 120_000);
});
