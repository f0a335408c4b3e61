import { setTimeout as sleep } from 'node:timers/promises';
import { Client, countByStatus, type Outcome, p99 } from '../support/client';
import { type Account, makeAccount } from '../support/factories';
import { freePort } from '../support/free-port';
import { compareWithHistory } from '../support/named-changes';
import { ServiceProcess } from '../support/process';
import { databaseUrl, useService } from '../support/service';
import { TcpLink } from '../support/tcp-link';

/** Each on a connection of its own. */
const BURST = 2000;
const CONNECTED_AT_ONCE = 400;
const DELAY_MS = 50;
const LIMIT_MS = 2000;
/** Two lists of changes: what is on its way to the disk when its time is over is carried out, though its answer says 503. */
const MOST_UNDER_WAY = 128;
const MAX_RSS_MB = 400;

describe('A burst of requests while the database is slow', () => {
  const beside = useService();
  let account: Account;
  let ids: string[];

  beforeEach(async () => {
    account = await makeAccount(beside);
    ids = (await Promise.all(Array.from({ length: 200 }, () => account.makeCustomer()))).map(({ id }) => id);
  });

  async function start(link: TcpLink, env: NodeJS.ProcessEnv) {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const ports = { PORT: String(port), METRICS_PORT: String(metricsPort) };
    const others = { RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'info', NODE_OPTIONS: '--max-old-space-size=256' };
    const service = ServiceProcess.start([], { DATABASE_URL: link.urlOf(databaseUrl()), ...ports, ...others, ...env });
    await service.prints(/listening at/);
    return { service, url: `http://127.0.0.1:${port}`, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` };
  }

  /** Requests at once: changes, and for each two of them the reading of a customer. */
  async function burst(client: Client, count: number, round: string) {
    const acknowledged: string[] = [];
    const outcomes = await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const path = `/api/customers/${ids[i % ids.length]}`;
        if (i % 3 === 2) return client.send('GET', path);
        const first_name = `${round} ${i}`;
        const outcome = await client.send('PATCH', path, { first_name });
        if (outcome.status === 200) acknowledged.push(first_name);
        return outcome;
      }),
    );
    return { outcomes, acknowledged };
  }

  it.each([
    ['room for 100', { MAX_QUEUE: '100' }, '0.1', 0.5],
    // Those that find room may still find no time.
    ['the default room', {}, '2', 1],
  ])(
    'is carried out as far as there is %s, and the rest is refused in time',
    async (what, env, seconds, share) => {
      const link = await TcpLink.to(databaseUrl());
      const { service, url, metricsUrl } = await start(link, env);
      const client = new Client(url, account.key, BURST);
      const watcher = new Client(url, account.key);
      await client.connect(BURST, CONNECTED_AT_ONCE);
      link.delayMs = DELAY_MS;
      let isOver = false;
      const health: Outcome[] = [];
      const watching = (async () => {
        while (!isOver) {
          health.push(await watcher.send('GET', '/health/live'));
          await sleep(20);
        }
      })();
      const { outcomes, acknowledged } = await burst(client, BURST, 'Burst');
      isOver = true;
      await watching;
      const metrics = await (await fetch(metricsUrl)).text();
      const rssMb = Math.round(sum(metrics, /^process_resident_memory_bytes/) / 1e6);
      // By the service's clock: that of the clients tells more of this process, which has as much to do.
      const refusedWithin = (seconds: string) =>
        sum(metrics, new RegExp(`^http_request_duration_seconds_bucket{le="${seconds}",.*status="503"`));
      const [atOnce, inTime] = [refusedWithin('0.1'), refusedWithin('2')];
      link.delayMs = 0;
      const before = performance.now();
      const after = await burst(client, 50, 'After');
      const backMs = Math.round(performance.now() - before);
      const refused = outcomes.filter(({ status }) => status === 503);
      const kept = await compareWithHistory(account, [...acknowledged, ...after.acknowledged]);
      const p99Ms = { all: p99(outcomes), refused: p99(refused), live: p99(health) };
      const figures = { sent: BURST, ...countByStatus(outcomes), acknowledged: acknowledged.length, ...kept };
      process.stdout.write(`A burst, ${what}: ${JSON.stringify({ ...figures, atOnce, p99Ms, rssMb, backMs })}\n`);
      expect(outcomes.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(BURST / 20);
      for (const { headers } of refused) expect(headers['retry-after']).toBe('1');
      expect(kept).toMatchObject({ lost: 0, doubled: 0 });
      expect(kept.unacknowledged).toBeLessThanOrEqual(MOST_UNDER_WAY);
      expect(countByStatus(health)).toEqual({ 200: health.length });
      expect(countByStatus(after.outcomes)).toEqual({ 200: 50 });
      expect(rssMb).toBeLessThan(MAX_RSS_MB);
      expect(inTime).toBe(refused.length);
      expect(refusedWithin(seconds)).toBeGreaterThanOrEqual(refused.length * share);
      expect(p99Ms.live).toBeLessThan(LIMIT_MS);
      await service.end('SIGTERM');
      client.close();
      watcher.close();
      link.close();
    },
    120_000,
  );
});

/** Of all series whose line matches. */
function sum(metrics: string, pattern: RegExp): number {
  const lines = metrics.split('\n').filter((line) => pattern.test(line));
  return lines.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
}
