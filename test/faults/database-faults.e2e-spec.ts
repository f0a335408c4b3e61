import { makeAccount } from '../support/factories';
import { request } from '../support/http';
import { Load, type Sent } from '../support/load';
import { OwnPostgres } from '../support/own-postgres';
import { ServiceProcess } from '../support/process';
import { startService } from '../support/service';

const CALM_MS = 500;
const FAULT_MS = 3000;
const RECOVERY_MS = 2000;
const LIMIT_MS = 2000;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Fault {
  begin(postgres: OwnPostgres): unknown;
  end?(postgres: OwnPostgres): unknown;
  /** Happens again and again, instead of lasting. */
  isRepeated?: boolean;
  /** The database still answers some. */
  isPartial?: boolean;
}

const FAULTS: [string, Fault][] = [
  ['refuses connections', { begin: ({ link }) => link.refuse(), end: ({ link }) => link.accept() }],
  ['is out of reach', { begin: ({ link }) => link.silence(), end: ({ link }) => link.speak() }],
  ['is frozen', { begin: (postgres) => postgres.freeze(), end: (postgres) => postgres.thaw() }],
  ['is shut down and started again', { begin: (postgres) => postgres.stop(), end: (postgres) => postgres.start() }],
  ['kills connections @short', { begin: (postgres) => postgres.endBackends(), isRepeated: true, isPartial: true }],
  ['crashes', { begin: (postgres) => postgres.crash(), isPartial: true }],
  [
    'lets nobody in',
    {
      begin: async (postgres) => {
        await postgres.admin(`ALTER DATABASE ${postgres.database} ALLOW_CONNECTIONS false`);
        await postgres.endBackends();
      },
      end: (postgres) => postgres.admin(`ALTER DATABASE ${postgres.database} ALLOW_CONNECTIONS true`),
    },
  ],
  [
    'is read-only',
    {
      begin: async (postgres) => {
        await postgres.admin(`ALTER DATABASE ${postgres.database} SET default_transaction_read_only = on`);
        await postgres.endBackends();
      },
      end: async (postgres) => {
        await postgres.admin(`ALTER DATABASE ${postgres.database} RESET default_transaction_read_only`);
        await postgres.endBackends();
      },
      isPartial: true,
    },
  ],
];

describe('A database that', () => {
  let postgres: OwnPostgres;
  beforeAll(async () => void (postgres = await OwnPostgres.start()), 60_000);
  afterAll(() => postgres.remove());

  it.each(FAULTS)(
    '%s: 503 within two seconds, and nothing lost',
    async (name, fault) => {
      const { key, ids } = await makeCustomers(postgres);
      const service = ServiceProcess.start([], { DATABASE_URL: postgres.url, RATE_LIMIT_PER_MINUTE: '0' });
      const [, url = ''] = await service.prints(/listening at (http:\/\/127.0.0.1:\d+)/);
      const load = new Load(url, key, ids);
      const { health, over } = await go(fault, postgres, url).finally(() => load.stop());
      const { sent } = load;
      expect(await request('GET', `${url}/health/ready`)).toMatchObject({ status: 200 });

      const acknowledged = sent.filter(({ status }) => status === 200);
      const failed = sent.filter(({ status }) => status !== 200);
      const lost = await lostOf(postgres, acknowledged);
      const slowest = Math.round(Math.max(...sent.map(({ ms }) => ms)));
      const recovered = Math.max(0, ...failed.map(({ at }) => at - over));
      report(name, { sent, acknowledged, failed, lost }, { slowest, recovered });

      expect(lost).toEqual([]);
      expect(failed.filter(({ status, retryAfter }) => status !== 503 || retryAfter !== '1')).toEqual([]);
      expect(acknowledged.length * failed.length).toBeGreaterThan(0);
      expect(slowest).toBeLessThan(LIMIT_MS);
      expect(recovered).toBeLessThan(RECOVERY_MS);
      expect(new Set(health.live)).toEqual(new Set([200]));
      if (!fault.isPartial) expect(new Set(health.ready)).toEqual(new Set([503]));
    },
    60_000,
  );
});

/** Calm, the fault with a look at the health of the service, and what comes after. */
async function go(fault: Fault, postgres: OwnPostgres, url: string) {
  await wait(CALM_MS);
  const probe = new Probe(url);
  const until = Date.now() + FAULT_MS;
  do {
    await fault.begin(postgres);
    await wait(fault.isRepeated ? 100 : FAULT_MS);
  } while (fault.isRepeated && Date.now() < until);
  const health = await probe.stop();
  await fault.end?.(postgres);
  const over = Date.now();
  await wait(RECOVERY_MS + CALM_MS);
  return { health, over };
}

/** By a service that is gone before anything breaks. */
async function makeCustomers(postgres: OwnPostgres) {
  const service = await startService({ databaseUrl: postgres.url });
  try {
    const account = await makeAccount(service);
    const made = await Promise.all(Array.from({ length: 5 }, () => account.makeCustomer()));
    return { key: account.key, ids: made.map(({ id }) => id) };
  } finally {
    await service.app.close();
  }
}

/** Asks for the health of a service, from the moment that a fault has begun. */
class Probe {
  private isOver = false;
  private readonly seen = { live: [] as number[], ready: [] as number[] };
  private readonly done;

  constructor(url: string) {
    this.done = Promise.all((['live', 'ready'] as const).map((name) => this.ask(name, `${url}/health/${name}`)));
  }

  async stop() {
    this.isOver = true;
    await this.done;
    return this.seen;
  }

  private async ask(name: 'live' | 'ready', url: string): Promise<void> {
    await wait(200);
    while (!this.isOver) {
      this.seen[name].push((await request('GET', url)).status);
      await wait(100);
    }
  }
}

/** Those that the history does not have exactly once, and customers whose history has not all of their versions. */
async function lostOf(postgres: OwnPostgres, acknowledged: Sent[]): Promise<unknown[]> {
  const entries = await postgres.sql(
    `SELECT changes #>> '{first_name,new}' AS name, count(*)::int AS times FROM customer_history GROUP BY name`,
  );
  const times = new Map(entries.map((entry) => [entry.name, entry.times]));
  const torn = await postgres.sql(`SELECT id FROM customers WHERE version <> (
    SELECT count(*) FROM customer_history AS entry WHERE entry.customer_id = customers.id)`);
  return [...acknowledged.filter(({ name }) => name && times.get(name) !== 1), ...torn];
}

function report(name: string, groups: Record<string, unknown[]>, times: Record<string, number>): void {
  const counts = Object.fromEntries(Object.entries(groups).map(([group, members]) => [group, members.length]));
  process.stdout.write(`Database ${name}: ${JSON.stringify({ ...counts, ...times })}\n`);
}
