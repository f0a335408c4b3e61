import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { runSql, withDatabase } from '../support/database';
import { type Account, makeAccount } from '../support/factories';
import { request } from '../support/http';
import { FeedMirror, type Get, ListMirror, quantile } from '../support/mirrors';
import { ServiceProcess } from '../support/process';
import { startService } from '../support/service';
import { QUICK_WORKERS, Writers } from '../support/writers';

const KILL_EVERY_MS = 1500;

/** The contract's, where no older transaction is open. Those that are held by hand delay the feed in the tests above. */
const MAX_LAG_MS = 1000;
const LAG_TEST_MS = 10_000;

/** Who keeps whom waiting, as far as it is a statement that only reads. */
const BLOCKING_READS = `
  SELECT blocker.query FROM pg_stat_activity AS waiting
   CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocking (pid)
    JOIN pg_stat_activity AS blocker ON blocker.pid = blocking.pid
   WHERE waiting.datname = current_database() AND (blocker.query LIKE '%settled%' OR blocker.query LIKE 'SELECT customer.%')`;

describe('Copies of all customers, kept beside 24 writers of every kind', () => {
  it.each([
    [6, '@ci'],
    [40, ''],
  ])(
    'miss no change and get none twice, by the feed and by as_of, in %i seconds with instances killed %s',
    (seconds, _) =>
      withDatabase(async (databaseUrl) => {
        const service = await startService({ databaseUrl });
        const other = new KilledInstance(databaseUrl);
        try {
          const account = await makeAccount(service);
          await other.start();
          const urls = () => [service.url, ...(other.url ? [other.url] : [])];
          const feeds = [new FeedMirror(getFrom(account, urls)), new FeedMirror(getFrom(account, urls))];
          const lists = [new ListMirror(getFrom(account, urls)), new ListMirror(getFrom(account, urls))];
          const marker: { id?: string } = {};
          const reading = Promise.all([...feeds, ...lists].map((mirror) => mirror.followUntil(() => marker.id)));
          const killing = other.dieEvery(KILL_EVERY_MS);
          const watching = watchForBlockingReads(databaseUrl);
          const writers = new Writers(account, databaseUrl, urls);
          await Promise.race([writers.run(seconds * 1000), reading]);
          other.isOver = watching.isOver = true;
          await killing;
          // Later than all else: who has it has everything.
          marker.id = (await account.makeCustomer()).id;
          await reading;

          expect(await watching.seen).toEqual([]);
          const { changes, missed, disordered } = await compareVersions(service.app.get(DataSource), feeds);
          const doubled = feeds.reduce((sum, feed) => sum + feed.doubled, 0);
          const lag = feeds.flatMap(({ lagMs }) => lagMs);
          const [lagP50, lagP99] = [quantile(lag, 0.5), quantile(lag, 0.99)];
          const walks = lists.reduce((sum, list) => sum + list.walks, 0);
          const figures = { changes, missed, doubled, disordered, lagP50, lagP99, walks, kills: other.kills };
          process.stdout.write(`Copies beside writers: ${JSON.stringify({ ...figures, done: writers.done })}\n`);
          expect({ missed, doubled, disordered }).toEqual({ missed: 0, doubled: 0, disordered: 0 });
          for (const kind of Object.values(writers.done)) expect(kind).toBeGreaterThan(0);
          await compareCustomers(account, feeds, lists);
        } finally {
          other.isOver = true;
          await other.end();
          await service.app.close();
        }
      }),
    180_000,
  );

  it(
    'have each change within a second, beside 24 writers on two instances @ci',
    () =>
      withDatabase(async (databaseUrl) => {
        const service = await startService({ databaseUrl });
        const other = new KilledInstance(databaseUrl);
        try {
          const account = await makeAccount(service);
          await other.start();
          const urls = () => [service.url, other.url ?? service.url];
          const feed = new FeedMirror(getFrom(account, urls));
          const marker: { id?: string } = {};
          const reading = feed.followUntil(() => marker.id);
          const writers = new Writers(account, databaseUrl, urls, QUICK_WORKERS);
          await Promise.race([writers.run(LAG_TEST_MS), reading]);
          marker.id = (await account.makeCustomer()).id;
          await reading;
          const [lagP50, lagP99] = [quantile(feed.lagMs, 0.5), quantile(feed.lagMs, 0.99)];
          const figures = { changes: feed.lagMs.length, lagP50, lagP99, done: writers.done };
          process.stdout.write(`Lag of the feed: ${JSON.stringify(figures)}\n`);
          expect(lagP99).toBeLessThan(MAX_LAG_MS);
        } finally {
          await other.end();
          await service.app.close();
        }
      }),
    60_000,
  );
});

/** An instance that is killed again and again. */
class KilledInstance {
  isOver = false;
  kills = 0;
  /** Undefined while it is down. */
  url: string | undefined;
  private process: ServiceProcess | undefined;

  constructor(private readonly databaseUrl: string) {}

  async start(): Promise<void> {
    const env = { DATABASE_URL: this.databaseUrl, LOG_LEVEL: 'info', RATE_LIMIT_PER_MINUTE: '0' };
    this.process = ServiceProcess.start([], env);
    this.url = await this.process.url();
  }

  async dieEvery(ms: number): Promise<void> {
    while (!this.isOver) {
      await sleep(ms);
      this.kills++;
      await this.end();
      this.url = undefined;
      if (!this.isOver) await this.start();
    }
  }

  async end(): Promise<void> {
    await this.process?.end('SIGKILL');
  }
}

/** Asks any instance, and another when that one dies or has no time. */
function getFrom({ key }: Account, urls: () => string[]): Get {
  return async (path) => {
    for (;;) {
      const all = urls();
      const url = all[Math.floor(Math.random() * all.length)] as string;
      const answer = await request('GET', `${url}${path}`, { key }).catch((error: Error) => error);
      if (!(answer instanceof Error) && answer.status === 200) return answer;
      if (!(answer instanceof Error)) expect(answer.status).toBe(503);
      await sleep(20);
    }
  };
}

function watchForBlockingReads(databaseUrl: string) {
  const watch = { isOver: false, seen: Promise.resolve<unknown[]>([]) };
  watch.seen = (async () => {
    const seen: unknown[] = [];
    while (!watch.isOver) {
      seen.push(...(await runSql(databaseUrl, BLOCKING_READS)));
      await sleep(100);
    }
    return seen;
  })();
  return watch;
}

/** What each feed had of each customer, with what is stored. Of those who were deleted, it may have any first versions. */
async function compareVersions(database: DataSource, feeds: FeedMirror[]) {
  const stored: { id: string; version: number; deleted: boolean }[] = await database.query(`
    SELECT id, version, false AS deleted FROM customers UNION ALL SELECT customer_id, version, true FROM customer_deletions`);
  let [changes, missed, disordered] = [0, 0, 0];
  for (const { versions } of feeds) {
    expect(stored.map(({ id }) => id)).toEqual(expect.arrayContaining([...versions.keys()]));
    for (const { id, version, deleted } of stored) {
      const came = versions.get(id) ?? [];
      changes += came.length;
      const expected = deleted ? [-version] : Array.from({ length: version }, (_, i) => i + 1);
      missed += expected.filter((one) => !came.includes(one)).length;
      const isInOrder = came.every((one, i) => i === 0 || Math.abs(one) >= Math.abs(came[i - 1] ?? 0));
      if (!isInOrder || (deleted && came.at(-1) !== -version)) disordered++;
    }
  }
  return { changes, missed, disordered };
}

async function compareCustomers(account: Account, feeds: FeedMirror[], lists: ListMirror[]): Promise<void> {
  const stored = new Map<string, object>();
  for (let cursor = ''; ;) {
    const { body } = await account.call('GET', `/api/customers?limit=100${cursor && `&cursor=${cursor}`}`);
    for (const customer of body.data) stored.set(customer.id, customer);
    if (!(cursor = body.next_cursor)) break;
  }
  for (const { customers } of feeds) expect(customers).toEqual(stored);
  // Lists never show that somebody was deleted.
  for (const { customers } of lists) {
    expect(new Map([...customers].filter(([id]) => stored.has(id)))).toEqual(stored);
  }
}
