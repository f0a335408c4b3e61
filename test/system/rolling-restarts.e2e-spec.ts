import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Outcome } from '../support/client';
import { withDatabase } from '../support/database';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import { freePort } from '../support/free-port';
import { withHaproxy } from '../support/haproxy';
import { compareWithHistory } from '../support/named-changes';
import { ServiceProcess } from '../support/process';
import { startService } from '../support/service';

const RESTARTS = 20;
const REQUESTS = 5000;
const CLIENTS = 10;

/** An instance on a port of its own, which is started again and again. */
class Instance {
  private service: ServiceProcess;
  longestStopMs = 0;

  constructor(private readonly env: NodeJS.ProcessEnv) {
    this.service = ServiceProcess.start([], env);
  }

  async isListening(): Promise<void> {
    await this.service.prints(/listening at/);
  }

  async restart(): Promise<void> {
    const before = performance.now();
    expect(await this.service.end('SIGTERM')).toBe(0);
    this.longestStopMs = Math.max(this.longestStopMs, Math.round(performance.now() - before));
    this.service = ServiceProcess.start([], this.env);
    await this.isListening();
  }
}

/** Clients that change, create and read customers, one with hardly a pause and the others with some, until they are told to end. */
class Load {
  readonly outcomes: Outcome[] = [];
  readonly acknowledged: string[] = [];
  private isOver = false;
  private sent = 0;

  constructor(
    private readonly url: string,
    private readonly key: string,
    private readonly ids: string[],
  ) {}

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, (_, i) => this.runClient(i === 0 ? 10 : 150)));
  }

  end(): void {
    this.isOver = true;
  }

  private async runClient(longestPauseMs: number): Promise<void> {
    const client = new Client(this.url, this.key);
    while (!this.isOver) {
      await this.sendNext(client);
      await sleep(Math.random() * longestPauseMs);
    }
    client.close();
  }

  private async sendNext(client: Client): Promise<void> {
    const n = this.sent++;
    const [name, path] = [`Name ${n}`, `/api/customers/${this.ids[n % this.ids.length]}`];
    const newcomer = { first_name: name, last_name: 'Doe', email: uniqueEmail() };
    const outcome = await (n % 5 === 1
      ? client.send('GET', path)
      : n % 5 === 2
        ? client.send('POST', '/api/customers', newcomer)
        : client.send('PATCH', path, { first_name: name }));
    this.outcomes.push(outcome);
    if (n % 5 !== 1 && outcome.status >= 200 && outcome.status < 300) this.acknowledged.push(name);
  }
}

async function restartInTurn(databaseUrl: string, account: Account, ids: string[]): Promise<void> {
  const ports = [await freePort(), await freePort()];
  const env = { DATABASE_URL: databaseUrl, RATE_LIMIT_PER_MINUTE: '0' };
  const instances = ports.map((port) => new Instance({ ...env, PORT: String(port) }));
  await withHaproxy(ports, async (haproxy) => {
    for (const [i, instance] of instances.entries()) {
      await instance.isListening();
      await haproxy.sees(i, 'UP');
    }
    const load = new Load(haproxy.url, account.key, ids);
    const running = load.run();
    try {
      for (let restart = 0; restart < RESTARTS; restart++) {
        const i = restart % instances.length;
        await Promise.all([instances[i]?.restart(), haproxy.sees(i, 'DOWN')]);
        await haproxy.sees(i, 'UP');
      }
      while (load.outcomes.length < REQUESTS) await sleep(100);
    } finally {
      load.end();
      await running;
    }
    const { outcomes, acknowledged } = load;
    const bad = outcomes.filter(({ status }) => status < 200 || status >= 300);
    const kept = await compareWithHistory(account, acknowledged);
    const longestStopMs = Math.max(...instances.map((instance) => instance.longestStopMs));
    const figures = { sent: outcomes.length, failed: bad.length, acknowledged: acknowledged.length, ...kept };
    process.stdout.write(`${RESTARTS} rolling restarts: ${JSON.stringify({ ...figures, longestStopMs })}\n`);
    expect(bad.map(({ status, headers, text, error }) => ({ status, headers, text, error }))).toEqual([]);
    expect(kept).toEqual({ lost: 0, doubled: 0, unacknowledged: 0 });
    expect(longestStopMs).toBeLessThan(10_000);
  });
}

describe('Twenty rolling restarts of two instances behind haproxy', () => {
  it(
    'fail no request, and lose no change',
    () =>
      withDatabase(async (databaseUrl) => {
        const beside = await startService({ databaseUrl });
        try {
          const account = await makeAccount(beside);
          const made = await Promise.all(Array.from({ length: 20 }, () => account.makeCustomer()));
          await restartInTurn(
            databaseUrl,
            account,
            made.map(({ id }) => id),
          );
        } finally {
          await beside.app.close();
        }
      }),
    600_000,
  );
});
