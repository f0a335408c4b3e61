import { freePort } from './free-port';
import { ServiceProcess } from './process';

const MB = 1e6;

/** An instance in a process of its own, which delivers. */
export class DeliveringInstance {
  private constructor(
    private readonly process: ServiceProcess,
    readonly url: string,
    private readonly metricsUrl: string,
  ) {}

  static async start(databaseUrl: string): Promise<DeliveringInstance> {
    const metricsPort = String(await freePort());
    const process = ServiceProcess.start([], {
      DATABASE_URL: databaseUrl,
      METRICS_PORT: metricsPort,
      LOG_LEVEL: 'info',
      RATE_LIMIT_PER_MINUTE: '0',
      WEBHOOK_SECRET_KEY: '0'.repeat(64),
      WEBHOOK_ALLOW_PRIVATE: 'true',
      NODE_OPTIONS: '--max-old-space-size=256',
    });
    return new DeliveringInstance(process, await process.url(), `http://127.0.0.1:${metricsPort}/metrics`);
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(this.metricsUrl)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  }

  async memoryMb(): Promise<number> {
    return Math.round((await this.metric('process_resident_memory_bytes')) / MB);
  }

  attempts(): Promise<number> {
    return this.metric('webhook_attempts_total{result="succeeded"}');
  }

  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    return this.process.end(signal);
  }
}
