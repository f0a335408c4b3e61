import { generateSecret } from '../../src/api-keys/secret-format';
import { makeAccount } from '../support/factories';
import { request } from '../support/http';
import { OwnPostgres } from '../support/own-postgres';
import { ServiceProcess } from '../support/process';
import { startService } from '../support/service';

const STOP_LIMIT_MS = 10_000;
/** Nobody's, but looked up: its checksum is right. */
const UNKNOWN_KEY = generateSecret('sk_live_');
const LISTENING = /listening at (http:\/\/127.0.0.1:\d+)/;

describe('While the database is silent', () => {
  let postgres: OwnPostgres;
  beforeAll(async () => void (postgres = await OwnPostgres.start()), 60_000);
  afterEach(() => postgres.thaw());
  afterAll(() => postgres.remove());

  async function stop(service: ServiceProcess, what: string): Promise<number | null> {
    const before = performance.now();
    const code = await service.end('SIGTERM');
    const ms = Math.round(performance.now() - before);
    process.stdout.write(`Stopped ${what}: ${ms} ms\n`);
    expect(ms).toBeLessThan(STOP_LIMIT_MS);
    return code;
  }

  it('a service with idle connections stops in time', async () => {
    const service = ServiceProcess.start([], { DATABASE_URL: postgres.directUrl });
    const [, url = ''] = await service.prints(LISTENING);
    await Promise.all(Array.from({ length: 20 }, () => request('GET', `${url}/health/ready`)));
    const beside = await startService({ databaseUrl: postgres.url });
    const { key } = await makeAccount(beside);
    await beside.app.close();
    expect(await request('GET', `${url}/api/customers`, { key })).toMatchObject({ status: 200 });
    postgres.freeze();
    expect(await stop(service, 'beside a frozen database')).toBe(0);
  });

  it('a service that was asked nothing yet stops in time @ci', async () => {
    const service = ServiceProcess.start([], { DATABASE_URL: postgres.directUrl });
    await service.prints(LISTENING);
    postgres.freeze();
    expect(await stop(service, 'beside a frozen database, unused')).toBe(0);
  });

  it('a start waits, says so, and goes on when the database is back', async () => {
    postgres.freeze();
    const service = ServiceProcess.start([], { DATABASE_URL: postgres.url });
    await service.prints(/Waiting for the database/);
    postgres.thaw();
    await service.prints(LISTENING);
  });

  it('a start that waits for the migrations of another instance says so, and can be stopped', async () => {
    await postgres.holding('SELECT pg_advisory_lock(4815162342)', async () => {
      const service = ServiceProcess.start([], { DATABASE_URL: postgres.url });
      await service.prints(/Waiting for the migrations of another instance/);
      // It never came to serve.
      expect(await stop(service, 'while it waits to migrate')).toBe(1);
    });
  });

  it('no connection is waited for that stays silent, not even the first', async () => {
    const env = { DATABASE_URL: postgres.url, DATABASE_POOL_SIZE: '1', RATE_LIMIT_PER_MINUTE: '0' };
    const url = await ServiceProcess.start([], env).url();
    const status = async () => (await request('GET', `${url}/api/me`, { key: UNKNOWN_KEY })).status;
    expect(await status()).toBe(401);
    postgres.link.silence();
    expect(await status()).toBe(503);
    postgres.link.speak();
    const end = performance.now() + 2000;
    while ((await status()) === 503) expect(performance.now()).toBeLessThan(end);
    expect(await status()).toBe(401);
  });

  it('readers beyond those who can have their turn are refused at once, and nothing else waits behind them', async () => {
    const env = { DATABASE_URL: postgres.url, DATABASE_POOL_SIZE: '4', RATE_LIMIT_PER_MINUTE: '0' };
    const service = ServiceProcess.start([], env);
    const [, url = ''] = await service.prints(LISTENING);
    const beside = await startService({ databaseUrl: postgres.url });
    const { key } = await makeAccount(beside);
    await beside.app.close();
    await postgres.holding('LOCK TABLE customers', async () => {
      const send = async (path: string) => {
        const before = performance.now();
        const { status } = await request('GET', `${url}${path}`, { key });
        return { status, ms: Math.round(performance.now() - before) };
      };
      const reading = Promise.all(Array.from({ length: 200 }, () => send('/api/customers')));
      const others = [];
      for (let i = 0; i < 20; i++) others.push(await send(i % 2 ? '/api/me' : '/health/ready'));
      const readers = await reading;
      const atOnce = readers.filter(({ ms }) => ms < 1000).length;
      const slowest = Math.max(...readers.map(({ ms }) => ms));
      const slowestOther = Math.max(...others.map(({ ms }) => ms));
      const figures = { sent: readers.length, atOnce, slowest, slowestOther };
      process.stdout.write(`Readers of a locked table: ${JSON.stringify(figures)}\n`);
      expect(new Set(readers.map(({ status }) => status))).toEqual(new Set([503]));
      expect(new Set(others.map(({ status }) => status))).toEqual(new Set([200]));
      expect(slowest).toBeLessThan(2000);
      expect(atOnce).toBeGreaterThan(50);
    });
    expect((await request('GET', `${url}/api/customers`, { key })).status).toBe(200);
  });
});
