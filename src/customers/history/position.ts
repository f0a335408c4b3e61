/**
 * The order of events, in SQL (docs/architecture.md, "The order of events").
 *
 * The position of a change is the id of its transaction plus a base, so that it keeps rising: a failover raises the server's
 * timeline, and a dump that is restored elsewhere raises the offset. It is never below the position of the customer's
 * previous version.
 */

/**
 * The base to which a transaction id is added. `event_log` has one row. For a moment after a failover a standby still reports
 * its old timeline, and shows less of the feed until then.
 */
export const POSITION_BASE = `(
  SELECT position_offset + (CASE
           WHEN pg_is_in_recovery() THEN (SELECT timeline_id::bigint FROM pg_control_checkpoint())
           ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint END << 44)
    FROM event_log)`;

/**
 * One row: the position of what this statement writes, and the time by the database's clock. The time is read after the
 * transaction has its id (`OFFSET 0` keeps the order), so that whatever is dated up to a moment has an id that was given
 * out before that moment: lists rest their `as_of` on that. So the time is never before the last tick either, though the
 * clock may have been set back.
 */
export const WRITE_CLOCK = `
  SELECT ${POSITION_BASE} + own.xid AS position, date_trunc('milliseconds', GREATEST(clock_timestamp(), (
           SELECT at FROM event_log_ticks ORDER BY at DESC LIMIT 1))) AS at
    FROM (SELECT pg_current_xact_id()::text::bigint AS xid OFFSET 0) AS own`;

/**
 * The horizon: the first position at which a transaction may still be open. All below it has ended and does not change, so a
 * reader up to it misses nothing and sees nothing twice.
 */
export const SETTLED_POSITION = `(${POSITION_BASE} + pg_snapshot_xmin(pg_current_snapshot())::text::bigint)`;

/** Above the positions of all transactions that have ended, and of some that are open. */
export const ENDED_POSITION = `(${POSITION_BASE} + pg_snapshot_xmax(pg_current_snapshot())::text::bigint)`;

/** The position of this transaction, which is above all that were given out before. */
export const OWN_POSITION = `(${POSITION_BASE} + pg_current_xact_id()::text::bigint)`;
