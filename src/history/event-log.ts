import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { DatabaseError } from 'pg';
import { Config } from '../config/config';
import { type Runner, type Statement, Statements } from '../database/statements';
import { NEXT_POSITION, POSITION_BASE, SETTLED_POSITION } from './position';

const TICK_MS = 1000;
const LOCK_TIMEOUT_MS = 10_000;
const THIN_EVERY = 60;
const PERMISSION_DENIED = '42501';

/** Far beyond every cursor that was handed out after the last position that a dump or a lost server knew. */
const GAP = '1099511627776';

const FIND_SERVER: Statement = {
  name: 'find_server_of_event_log',
  text: `
  SELECT system_identifier IS NOT DISTINCT FROM (SELECT system_identifier FROM pg_control_system()) AS is_same
    FROM event_log`,
};

const LOCK: Statement = { name: 'lock_event_log', text: `${FIND_SERVER.text} FOR UPDATE` };

/** Continues above the last position, which each seller's index has at its end. */
const REBASE: Statement = {
  name: 'rebase_event_log',
  text: `
  UPDATE event_log SET
    system_identifier = (SELECT system_identifier FROM pg_control_system()),
    position_offset = GREATEST(position_offset, position_offset - ${POSITION_BASE}
      - pg_snapshot_xmin(pg_current_snapshot())::text::bigint + ${GAP} + (
        SELECT max(GREATEST(
          (SELECT position FROM customer_history WHERE seller_id = seller.id ORDER BY position DESC LIMIT 1),
          (SELECT position FROM customer_deletions WHERE seller_id = seller.id ORDER BY position DESC LIMIT 1)))
          FROM sellers AS seller))`,
};

/** Nothing while nobody writes: then a tick would say no more than the one before. */
const TICK: Statement = {
  name: 'tick_event_log',
  text: `
  INSERT INTO event_log_ticks (at, min_position, max_position)
  SELECT now(), ${SETTLED_POSITION}, ${NEXT_POSITION}
   WHERE NOT EXISTS (
     SELECT FROM (SELECT * FROM event_log_ticks ORDER BY at DESC LIMIT 1) AS last
      WHERE last.at > now() - interval '900 milliseconds' OR last.max_position + 1 >= ${NEXT_POSITION})
      ON CONFLICT DO NOTHING`,
};

/** How close ticks have to be: by the second within an hour, by the minute within a day, then by the hour, and by the day. */
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
 * Every change that is dated up to a tick has a position below the tick's highest (`WRITE_CLOCK`). Once those are settled,
 * nothing can turn up any more that is dated up to the tick. With nothing under way at all, that holds for now as well.
 */
const FIND_AS_OF: Statement = {
  name: 'find_as_of',
  text: `
  SELECT date_trunc('milliseconds', GREATEST(
           (SELECT at FROM event_log_ticks WHERE max_position <= ${SETTLED_POSITION} ORDER BY at DESC LIMIT 1),
           CASE WHEN ${SETTLED_POSITION} = ${NEXT_POSITION} THEN now() END,
           'epoch')) - interval '1 millisecond' AS as_of`,
};

/**
 * Keeps the order of events: that positions go on rising when a dump is restored on another server, and a record of which
 * positions had been given out when, second by second, for questions about times.
 */
@Injectable()
export class EventLog implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(EventLog.name);
  private timer?: NodeJS.Timeout;
  private ticks = 0;
  private lastFailure: unknown;

  constructor(
    private readonly statements: Statements,
    private readonly config: Config,
  ) {}

  /** The OpenAPI document is made without a database. */
  async onModuleInit(): Promise<void> {
    if (this.config.databaseUrl) await this.followServer();
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.tick().catch((error) => this.report(error)), TICK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** A time such that whatever is dated up to it can be seen by every statement from now on. */
  async asOf(): Promise<Date> {
    const [row] = await this.statements.run<{ as_of: Date }>(FIND_AS_OF, []);
    return (row as { as_of: Date }).as_of;
  }

  /** On another server than before, which counts its transactions anew, goes on above all positions that are known. */
  private async followServer(): Promise<void> {
    if (await isSameServer(this.statements, FIND_SERVER)) return;
    const moved = await this.statements.transaction({ lockTimeoutMs: LOCK_TIMEOUT_MS }, async (transaction) => {
      if (await isSameServer(transaction, LOCK)) return false;
      await transaction.run(REBASE, []);
      return true;
    });
    if (moved) this.log.log('The database is on another server than before: the order of events goes on from there');
  }

  private async tick(): Promise<void> {
    await this.followServer();
    await this.statements.run(TICK, []);
    if (++this.ticks % THIN_EVERY === 0) await this.statements.run(THIN, []);
    this.lastFailure = undefined;
  }

  /** Once for each kind of failure, not every second. */
  private report({ code }: { code?: unknown }): void {
    if (code === this.lastFailure) return;
    this.lastFailure = code;
    this.log.warn(`The log of events is not kept up: ${String(code)}`);
  }
}

async function isSameServer(runner: Runner, statement: Statement): Promise<boolean> {
  try {
    const [row] = await runner.run<{ is_same: boolean }>(statement, []);
    return row?.is_same === true;
  } catch (error) {
    // Some hosts do not let ordinary roles ask which server it is.
    if (error instanceof DatabaseError && error.code === PERMISSION_DENIED) return true;
    throw error;
  }
}
