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
import { type Statement, Statements } from '../../database/statements';
import { followServer } from './event-log-server';
import { ENDED_POSITION, OWN_POSITION, SETTLED_POSITION } from './position';

const TICK_MS = 1000;
const THIN_EVERY = 60;

/** No tick is added while nobody writes, as it would say no more than the one before. */
const TICK: Statement = {
  name: 'tick_event_log',
  text: `
  INSERT INTO event_log_ticks (at, min_position, max_position)
  SELECT now(), ${SETTLED_POSITION}, ${OWN_POSITION}
   WHERE NOT EXISTS (
     SELECT FROM (SELECT * FROM event_log_ticks ORDER BY at DESC LIMIT 1) AS last
      WHERE last.at > now() - interval '900 milliseconds' OR last.max_position + 1 >= ${ENDED_POSITION})
      ON CONFLICT DO NOTHING`,
};

/** For how long the oldest open transaction has held the feed back, to the second. */
const MEASURE_LAG: Statement = {
  name: 'measure_event_feed_lag',
  text: `
  SELECT COALESCE(extract(epoch FROM now() - (
    SELECT at FROM event_log_ticks
     WHERE max_position > ${SETTLED_POSITION} AND at > COALESCE(
       (SELECT at FROM event_log_ticks WHERE max_position <= ${SETTLED_POSITION} ORDER BY at DESC LIMIT 1), '-infinity')
     ORDER BY at LIMIT 1)), 0)::float8 AS lag`,
};

const feedLag = new Gauge({
  name: 'event_feed_lag_seconds',
  help: 'How long the oldest transaction that has not ended has kept later events out of the feed',
});

/** Keeps each tick for an hour, then one a minute, after a day one an hour, and after 30 days one a day. */
const THIN: Statement = {
  name: 'thin_event_log_ticks',
  text: `
  DELETE FROM event_log_ticks AS tick
   USING (VALUES ('minute', interval '1 hour', interval '1 day'), ('hour', '1 day', '30 days'), ('day', '30 days', '60 days'))
         AS step (unit, min_age, max_age)
   WHERE tick.at < now() - step.min_age AND tick.at > now() - step.max_age
     AND EXISTS (SELECT FROM event_log_ticks AS earlier
                  WHERE earlier.at >= date_trunc(step.unit, tick.at) AND earlier.at < tick.at)`,
};

/**
 * Every change dated up to a tick has a position below that of the tick (`WRITE_CLOCK`). Once all transactions below it have
 * ended, no further change dated up to the tick can appear.
 */
const FIND_AS_OF: Statement = {
  name: 'find_as_of',
  text: `
  SELECT date_trunc('milliseconds', COALESCE(
           (SELECT at - interval '1 millisecond' FROM event_log_ticks
             WHERE max_position <= ${SETTLED_POSITION} ORDER BY at DESC LIMIT 1),
           'epoch')) AS as_of`,
};

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
    private readonly statements: Statements,
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
  async asOf(): Promise<Date> {
    const [row] = await this.statements.run<{ as_of: Date }>(FIND_AS_OF, []);
    return (row as { as_of: Date }).as_of;
  }

  private async tick(): Promise<void> {
    // Where a pooler keeps the connections, the server behind it may be another by now.
    await this.followServer();
    await this.statements.run(TICK, []);
    const [measured] = await this.statements.run<{ lag: number }>(MEASURE_LAG, []);
    feedLag.set(measured?.lag ?? 0);
    if (++this.ticks % THIN_EVERY === 0) await this.statements.run(THIN, []);
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
