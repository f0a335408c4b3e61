import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { generateKey } from '../../src/api-keys/key-format';
import { Client, countByStatus, type Outcome, p99 } from '../support/client';
import { type Account, makeAccount } from '../support/factories';
import { freePort } from '../support/free-port';
import { ServiceProcess } from '../support/process';
import { databaseUrl, useService } from '../support/service';

const MEBIBYTE = 1024 * 1024;
const MAX_RSS_MB = 350;
const MAX_P99_MS = 250;
/** How long the other seller works after the attack, and how soon it has to be as before. */
const RECOVERY_MS = 2000;
const OTHERS = 4;

/** What is sent on each of many connections: a head, and then a chunk several times. */
interface Flood {
  count: number;
  head: string;
  chunk: string;
  repeat: number;
}

describe('Bodies', () => {
  const beside = useService();
  let attacker: Account;
  let other: Account;
  let ids: string[];

  beforeAll(async () => {
    attacker = await makeAccount(beside);
    other = await makeAccount(beside);
    ids = (await Promise.all(Array.from({ length: 20 }, () => other.makeCustomer()))).map(({ id }) => id);
  });

  /** The work of another seller until it is stopped. */
  function work(url: string) {
    let isOver = false;
    const outcomes: (Outcome & { at: number })[] = [];
    const run = async (number: number) => {
      const client = new Client(url, other.key);
      for (let i = number; !isOver; i += OTHERS) {
        const path = `/api/customers/${ids[i % ids.length]}`;
        const at = performance.now();
        const isChange = i % 2 === 0;
        const outcome = await (isChange
          ? client.send('PATCH', path, { first_name: `Name ${i}` })
          : client.send('GET', path));
        outcomes.push({ ...outcome, at });
        await sleep(20);
      }
      client.close();
    };
    const running = Promise.all(Array.from({ length: OTHERS }, (_, i) => run(i)));
    const stop = async () => {
      isOver = true;
      await running;
    };
    return { outcomes, stop };
  }

  async function start() {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const service = ServiceProcess.start([], {
      DATABASE_URL: databaseUrl(),
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      RATE_LIMIT_PER_MINUTE: '0',
      LOG_LEVEL: 'info',
      NODE_OPTIONS: '--max-old-space-size=256',
    });
    await service.prints(/listening at/);
    return { service, port, url: `http://127.0.0.1:${port}`, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` };
  }

  async function metric(url: string, name: string): Promise<number> {
    const text = await (await fetch(url)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }

  /** Runs an attack while another seller works, and prints and checks what it came to. */
  async function suffer(name: string, flood: Flood) {
    const { service, port, url, metricsUrl } = await start();
    const worker = work(url);
    await sleep(2000);
    await metric(metricsUrl, 'nodejs_eventloop_lag_max_seconds');
    const began = performance.now();
    const attack = new Worker(join(__dirname, '../support/flood.mjs'), { workerData: { ...flood, port } });
    await once(attack, 'message');
    await sleep(500);
    attack.postMessage('answers');
    const [answers] = (await once(attack, 'message')) as [string[]];
    const attackedUntil = performance.now();
    const peakMb = await peakOf(service.pid);
    attack.postMessage('end');
    await sleep(RECOVERY_MS);
    const recovered = performance.now();
    const pauseMs = Math.round((await metric(metricsUrl, 'nodejs_eventloop_lag_max_seconds')) * 1000);
    await sleep(1000);
    const afterMb = Math.round((await metric(metricsUrl, 'process_resident_memory_bytes')) / MEBIBYTE);
    await worker.stop();
    const among = worker.outcomes.filter(({ at }) => at > began && at < attackedUntil);
    const after = worker.outcomes.filter(({ at }) => at > recovered);
    const firstLines = countOf(answers.filter(Boolean));
    const figures = { answers: firstLines, p99Ms: p99(among), after: p99(after), peakMb, afterMb, pauseMs };
    const tookMs = Math.round(attackedUntil - began);
    process.stdout.write(
      `${name}: ${JSON.stringify({ ...figures, tookMs, others: countByStatus(worker.outcomes) })}\n`,
    );
    expect(countByStatus(worker.outcomes)).toEqual({ 200: worker.outcomes.length });
    expect(p99(among)).toBeLessThan(MAX_P99_MS);
    expect(p99(after)).toBeLessThan(MAX_P99_MS);
    expect(peakMb).toBeLessThan(MAX_RSS_MB);
    expect(await service.end('SIGTERM')).toBe(0);
    return firstLines;
  }

  /** The most memory that a process has had, in MB. */
  async function peakOf(pid: number): Promise<number> {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
  }

  const head = (method: string, length: number, key?: string) =>
    `${method} /api/customers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${length}\r\n` +
    `${key === undefined ? '' : `X-API-Key: ${key}\r\n`}\r\n`;

  const OBJECTS = '{},'.repeat(5461);
  const BRACKETS = '['.repeat(16_384);

  it.each([
    [24, MEBIBYTE, 'PATCH'],
    [60, MEBIBYTE, 'PATCH'],
  ])(
    'of %d requests with made-up keys and %d bytes are not read',
    async (count, bytes, method) => {
      const flood = { count, head: head(method, bytes, generateKey()), chunk: `[${OBJECTS}`, repeat: bytes / 16_384 };
      const answers = await suffer(`${count} made-up keys, ${bytes} bytes each`, flood);
      expect(answers).toEqual({ 'HTTP/1.1 401 Unauthorized': count });
    },
    60_000,
  );

  it.each([20, 50])(
    'of %d connections without a key, all of brackets, are not parsed',
    async (count) => {
      const flood = { count, head: head('PATCH', MEBIBYTE), chunk: BRACKETS, repeat: 64 };
      const answers = await suffer(`${count} bodies of brackets without a key`, flood);
      expect(answers).toEqual({ 'HTTP/1.1 401 Unauthorized': count });
    },
    60_000,
  );

  it.each<[string, number, number, string]>([
    ['empty objects', 24, MEBIBYTE, `[${OBJECTS}`],
    ['brackets', 20, MEBIBYTE, BRACKETS],
  ])(
    'of a seller who sends %s (%d times %d bytes) hurt no other',
    async (name, count, bytes, chunk) => {
      const method = bytes === MEBIBYTE ? 'PATCH' : 'POST';
      const flood = { count, head: head(method, bytes, attacker.key), chunk, repeat: bytes / 16_384 };
      const answers = await suffer(`${count} bodies of ${name} with a valid key, ${bytes} bytes each`, flood);
      expect(Object.keys(answers).sort()).toEqual(['HTTP/1.1 400 Bad Request', 'HTTP/1.1 503 Service Unavailable']);
    },
    60_000,
  );
});

function countOf(texts: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}
