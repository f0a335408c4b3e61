import { DatabaseError, type Pool } from 'pg';
import { Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { poolOf } from '../../database/pool';
import { type Statement, Statements } from '../../database/statements';
import { ENDED_POSITION, OWN_POSITION, POSITION_BASE, SETTLED_POSITION } from './position';

const PERMISSION_DENIED = '42501';
const READ_ONLY = '25006';

/** Larger than the distance of any cursor from the last position in a dump: cursors may be newer than the dump. */
const GAP = '1099511627776';

const IS_OTHER_SERVER = `system_identifier IS DISTINCT FROM (SELECT system_identifier FROM pg_control_system())`;

const FIND_OTHER_SERVER = `SELECT FROM event_log WHERE ${IS_OTHER_SERVER}`;

/**
 * Raises the offset above the last positions of all changes and ticks. The ticks count because a cursor may stand where there
 * is no change. When two instances do so, the second waits for the first, and then updates nothing.
 */
const REBASE = `
  UPDATE event_log SET
    system_identifier = (SELECT system_identifier FROM pg_control_system()),
    position_offset = GREATEST(position_offset, position_offset - ${POSITION_BASE}
      - pg_snapshot_xmin(pg_current_snapshot())::text::bigint + ${GAP} + GREATEST(
        (SELECT max(max_position) FROM event_log_ticks),
        (SELECT max(GREATEST(
          (SELECT position FROM customer_history WHERE seller_id = seller.id ORDER BY position DESC LIMIT 1),
          (SELECT position FROM customer_deletions WHERE seller_id = seller.id ORDER BY position DESC LIMIT 1)))
          FROM sellers AS seller)))
   WHERE ${IS_OTHER_SERVER}`;

/** No tick is added while nothing is written, as it would say no more than the one before. */
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
  SELECT GREATEST(0, extract(epoch FROM now() - (
    SELECT at FROM event_log_ticks
     WHERE max_position > ${SETTLED_POSITION} AND at > COALESCE(
       (SELECT at FROM event_log_ticks WHERE max_position <= ${SETTLED_POSITION} ORDER BY at DESC LIMIT 1), '-infinity')
     ORDER BY at LIMIT 1)))::float8 AS lag`,
};

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

/** The ticks: times, and the positions that had been given out by then. */
@Injectable()
export class EventLogRepository {
  constructor(private readonly statements: Statements) {}

  /** Adds a tick, if something was written since the last one. */
  async tick(): Promise<void> {
    await this.statements.run(TICK, []);
  }

  /** For how many seconds the oldest open transaction has held the feed back. */
  async measureLag(): Promise<number> {
    const [row] = await this.statements.run<{ lag: number }>(MEASURE_LAG, []);
    return row?.lag ?? 0;
  }

  /** Deletes ticks that lie too close together for their age. */
  async thinTicks(): Promise<void> {
    await this.statements.run(THIN, []);
  }

  /** A time such that every statement from now on sees all changes dated up to it. */
  async findAsOf(): Promise<Date> {
    const [row] = await this.statements.run<{ as_of: Date }>(FIND_AS_OF, []);
    return (row as { as_of: Date }).as_of;
  }
}

interface Queries {
  query(text: string): Promise<{ rowCount: number | null }>;
}

/** Checks each new connection before it writes, as the server behind a host name may be replaced at any time. */
export async function followServer(database: DataSource, onOther?: () => void): Promise<void> {
  const pool = poolOf(database) as Pool;
  // `pg` awaits it, which its types do not say.
  Object.assign(pool.options, { onConnect: (client: Queries) => checkServer(client, onOther) });
  await checkServer(pool, onOther);
}

/** Raises the offset when the connection leads to another server, which counts its transactions anew. */
async function checkServer(connection: Queries, onOther?: () => void): Promise<void> {
  try {
    if (!(await connection.query(FIND_OTHER_SERVER)).rowCount) return;
    if ((await connection.query(REBASE)).rowCount) onOther?.();
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    // Some hosts do not let ordinary roles ask which server it is. A read-only server writes no positions.
    if (error.code !== PERMISSION_DENIED && error.code !== READ_ONLY) throw error;
  }
}
