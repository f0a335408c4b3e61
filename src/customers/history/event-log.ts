import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Gauge } from 'prom-client';
import type { DataSource } from 'typeorm';
import { Config } from '../../config/config';
import { EventLogRepository, followServer } from './event-log.repository';

const TICK_MS = 1000;
const THIN_EVERY = 60;

const feedLag = new Gauge({
  name: 'event_feed_lag_seconds',
  help: 'How long the oldest transaction that has not ended has kept later events out of the feed',
});

/**
 * Keeps positions rising when a dump is restored on another server, and notes once a second which positions have been given
 * out so far (a tick), so that a time can be compared with a position.
 */
@Injectable()
export class EventLog implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(EventLog.name);
  private timer?: NodeJS.Timeout;
  private ticks = 0;
  private lastFailure: unknown;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly repository: EventLogRepository,
    private readonly config: Config,
  ) {}

  /** Without a database there is nothing to do: the OpenAPI document is made without one. */
  async onModuleInit(): Promise<void> {
    if (this.config.databaseUrl) await this.followServer();
  }

  /** The first tick is there before the first list, which needs one to tell its `as_of`. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.config.databaseUrl) await this.tick().catch((error) => this.report(error));
    this.timer = setInterval(() => void this.tick().catch((error) => this.report(error)), TICK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** A time such that every statement from now on sees all changes dated up to it. */
  asOf(): Promise<Date> {
    return this.repository.findAsOf();
  }

  private async tick(): Promise<void> {
    // Behind a pooler, which keeps the connections, the server may be another by now.
    await this.followServer();
    await this.repository.tick();
    feedLag.set(await this.repository.measureLag());
    if (++this.ticks % THIN_EVERY === 0) await this.repository.thinTicks();
    this.lastFailure = undefined;
  }

  private followServer(): Promise<void> {
    return followServer(this.database, () =>
      this.log.log('The database is on another server than before: the order of events goes on from there'),
    );
  }

  /** Logs each kind of failure once, not every second. */
  private report({ code }: { code?: unknown }): void {
    if (code === this.lastFailure) return;
    this.lastFailure = code;
    this.log.warn(`The log of events is not kept up: ${String(code)}`);
  }
}
