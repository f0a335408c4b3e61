import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, countByStatus, type Outcome, p99 } from './client';
import { freePort } from './free-port';
import { ServiceProcess } from './process';

const PAUSE_MS = 10;
const MB = 1e6;

/** The work of another seller: it sends one request after another, and reads, or makes changes. */
export interface OtherSeller {
  key: string;
  path: string;
  change?: () => object;
  /** Whether each request opens a connection of its own. */
  connectsAnew?: boolean;
}

/** What an attack did to others, and to the service. Times are in milliseconds. */
export interface Figures {
  p99: number;
  answers: Record<string, number>;
  /** The most memory that the service has taken. */
  rssMb: number;
  longestPause: number;
  /** From the end of the attack until the others' requests took no longer than usual. */
  recovery: number;
}

/** The built service in a process of its own, with the heap that `npm start` gives it, and no rate limit. */
export class AttackedService {
  private constructor(
    private readonly process: ServiceProcess,
    readonly url: string,
    private readonly metricsUrl: string,
  ) {}

  static async start(databaseUrl: string, env: Record<string, string> = {}): Promise<AttackedService> {
    const metricsPort = String(await freePort());
    const limits = { NODE_OPTIONS: '--max-old-space-size=256', RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'info' };
    const service = ServiceProcess.start([], {
      DATABASE_URL: databaseUrl,
      METRICS_PORT: metricsPort,
      ...limits,
      ...env,
    });
    return new AttackedService(service, await service.url(), `http://127.0.0.1:${metricsPort}/metrics`);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Carries out an attack while another seller works. */
  async during(other: OtherSeller, attack: () => Promise<void>): Promise<Figures> {
    const client = new Client(this.url, other.key);
    const headers = other.connectsAnew ? { connection: 'close' } : undefined;
    const work = () => {
      const change = other.change?.();
      return client.send(change ? 'PATCH' : 'GET', other.path, change, headers);
    };
    // As a service that has run for a while.
    for (let i = 0; i < 200; i++) await work();
    await this.longestPause();
    const outcomes: Outcome[] = [];
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        outcomes.push(await work());
        await sleep(PAUSE_MS);
      }
    })();
    await attack();
    isOver = true;
    await watching;
    const longestPause = await this.longestPause();
    const recovery = await this.recover(client, other.path, headers);
    client.close();
    return {
      p99: p99(outcomes),
      answers: countByStatus(outcomes),
      rssMb: await this.peakMb(),
      longestPause: Math.round(longestPause),
      recovery: Math.round(recovery),
    };
  }

  async stop(): Promise<number | null> {
    return this.process.end('SIGTERM');
  }

  async metric(name: string): Promise<number> {
    const metrics = await (await fetch(this.metricsUrl)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
  }

  /** The most memory that the service has taken. */
  async peakMb(): Promise<number> {
    const status = await readFile(`/proc/${this.process.pid}/status`, 'utf8');
    return Math.round((Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / MB);
  }

  /** Of the event loop, in milliseconds, since it was last asked for. */
  async longestPause(): Promise<number> {
    return (await this.metric('nodejs_eventloop_lag_max_seconds')) * 1000;
  }

  private async recover(client: Client, path: string, headers?: Record<string, string>): Promise<number> {
    const start = performance.now();
    for (;;) {
      const { status, ms } = await client.send('GET', path, undefined, headers);
      if (status === 200 && ms < 50) return performance.now() - start;
    }
  }
}

export function print(attack: string, figures: object): void {
  process.stdout.write(`${attack}: ${JSON.stringify(figures)}\n`);
}
