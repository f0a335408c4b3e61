import { setTimeout as sleep } from 'node:timers/promises';
import { Client, countByStatus, type Outcome, p99 } from '../support/client';
import { type Account, makeAccount } from '../support/factories';
import { freePort } from '../support/free-port';
import { compareWithHistory } from '../support/named-changes';
import { ServiceProcess } from '../support/process';
import { databaseUrl, useService } from '../support/service';
import { openSlow, type SlowClient, type SlowKind } from '../support/slow-clients';

const LIMIT_MS = 15_000;
const SETTLING_MS = 3000;
const CLIENTS = 10;
/** Those who send it are not stuck: load balancers keep connections for later, most of them for a minute. */
const IDLE = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
/** Keeps ten clients within the default rate limit. */
const PAUSE_MS = 120;

/** How many sockets a process has open, by what it says itself. */
async function socketsOf(metricsPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  return Number(/^nodejs_active_resources{type="TCPSocketWrap"} (\d+)$/m.exec(text)?.[1]);
}

describe('Slow and stuck clients', () => {
  const beside = useService();
  let account: Account;
  let ids: string[];
  let names = 0;
  const acknowledged: string[] = [];

  beforeAll(async () => {
    account = await makeAccount(beside);
    const [street, city] = ['街'.repeat(255), '市'.repeat(100)];
    const address = { street, city, country: city };
    const wide = { company_name: '社'.repeat(200), address_data: address, postal_redirect_address: address };
    ids = (await Promise.all(Array.from({ length: 100 }, () => account.makeCustomer(wide)))).map(({ id }) => id);
  });

  /** Clients that change customers for some time. */
  async function change(port: number, forMs: number): Promise<Outcome[]> {
    const end = performance.now() + forMs;
    const outcomes: Outcome[] = [];
    const run = async () => {
      const client = new Client(`http://127.0.0.1:${port}`, account.key);
      while (performance.now() < end) {
        const first_name = `Name ${names++}`;
        const outcome = await client.send('PATCH', `/api/customers/${ids[names % ids.length]}`, { first_name });
        outcomes.push(outcome);
        if (outcome.status === 200) acknowledged.push(first_name);
        await sleep(PAUSE_MS);
      }
      client.close();
    };
    await Promise.all(Array.from({ length: CLIENTS }, run));
    return outcomes;
  }

  /** How many of each kind, and what it does. */
  function kinds(): Record<string, [count: number, kind: SlowKind]> {
    const head = (method: string, path: string) =>
      `${method} ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${account.key}\r\n`;
    const patch = head('PATCH', `/api/customers/${ids[0]}`);
    const body = 'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"first_name": "';
    // More than the kernels' buffers hold.
    const lists = `${head('GET', '/api/customers?limit=100')}\r\n`.repeat(10);
    const files = `${head('GET', '/docs/assets/swagger-ui-bundle.js')}\r\n`.repeat(4);
    return {
      headers: [200, { sends: `${patch}X-Slow: `, drips: true }],
      bodies: [200, { sends: `${patch}${body}`, drips: true }],
      silent: [50, {}],
      half: [50, { sends: patch }],
      deafToLists: [5, { sends: lists, isDeaf: true }],
      deafToFiles: [20, { sends: files, isDeaf: true }],
      idle: [50, { sends: IDLE }],
    };
  }

  it('are cut off within 15 seconds, and disturb nobody', async () => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const env = { PORT: String(port), METRICS_PORT: String(metricsPort) };
    const service = ServiceProcess.start([], { DATABASE_URL: databaseUrl(), ...env });
    await service.prints(/listening at/);
    await change(port, 2000);
    const alone = await change(port, 6000);
    const before = await socketsOf(metricsPort);
    const slow: Record<string, SlowClient[]> = {};
    for (const [name, [count, kind]] of Object.entries(kinds())) slow[name] = await openSlow(count, port, kind);
    // The work that the deaf ones have asked for is done first.
    await sleep(SETTLING_MS);
    const most = await socketsOf(metricsPort);
    const among = await change(port, LIMIT_MS - SETTLING_MS);
    const left = (await socketsOf(metricsPort)) - before;
    const { idle = [], deafToLists = [], deafToFiles = [], ...others } = slow;
    const talking = Object.values(others).flat();
    for (const { socket } of idle) socket.write(IDLE);
    // Their answers are on their way.
    await sleep(1000);
    const longestMs = Math.round(Math.max(...talking.map(({ cutAfterMs = Infinity }) => cutAfterMs)));
    const kept = await compareWithHistory(account, acknowledged);
    const p99Ms = { alone: p99(alone), among: p99(among) };
    const figures = { sent: alone.length + among.length, acknowledged: acknowledged.length, ...kept, p99Ms };
    process.stdout.write(`575 slow clients: ${JSON.stringify({ ...figures, longestMs, sockets: { most, left } })}\n`);
    expect(countByStatus([...alone, ...among])).toEqual({ 200: alone.length + among.length });
    expect(kept).toEqual({ lost: 0, doubled: 0, unacknowledged: 0 });
    expect(p99Ms.among).toBeLessThan(Math.max(1500, 3 * p99Ms.alone));
    expect(most).toBeGreaterThan(500);
    for (const { statuses } of talking) expect(statuses).toEqual([408]);
    expect(longestMs).toBeLessThan(LIMIT_MS);
    // All but those that are idle, give or take some connections to the database.
    expect(left).toBeLessThan(idle.length + 15);
    for (const { statuses } of idle) expect(statuses).toEqual([200, 200]);
    for (const { socket } of [idle, deafToLists, deafToFiles].flat()) socket.destroy();
  }, 120_000);
});
