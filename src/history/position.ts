/**
 * The order of events, in SQL (docs/architecture.md, "The order of events").
 *
 * The position of a change is the id of its transaction, counted on from what came before: the server's timeline, which
 * a failover raises, and an offset, which a dump that is restored elsewhere raises. It is never below the position of the
 * same customer's version before.
 */

/**
 * What a transaction id has to be added to. `event_log` has one row. A standby says what it follows, or for a while after a
 * failover what it followed before: then it shows less of the feed for that while.
 */
export const POSITION_BASE = `(
  SELECT position_offset + (CASE
           WHEN pg_is_in_recovery() THEN (SELECT timeline_id::bigint FROM pg_control_checkpoint())
           ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint END << 44)
    FROM event_log)`;

/**
 * One row: the position of what this statement writes, and the time by the database's clock. The time is read after the
 * transaction has its id (`OFFSET 0` keeps the order), so that whatever is dated up to a moment has an id that was given
 * out before that moment: lists rest their `as_of` on that.
 */
export const WRITE_CLOCK = `
  SELECT ${POSITION_BASE} + own.xid AS position, date_trunc('milliseconds', clock_timestamp()) AS at
    FROM (SELECT pg_current_xact_id()::text::bigint AS xid OFFSET 0) AS own`;

/**
 * The first position at which something may still be under way: what is below it is settled, and stays as it is. Whoever
 * reads up to it misses nothing and sees nothing twice.
 */
export const SETTLED_POSITION = `(${POSITION_BASE} + pg_snapshot_xmin(pg_current_snapshot())::text::bigint)`;

/** Above the positions of all transactions that have ended. Those that are under way may be above it as well. */
export const ENDED_POSITION = `(${POSITION_BASE} + pg_snapshot_xmax(pg_current_snapshot())::text::bigint)`;

/** Above every position that was given out before: the one of this transaction, which it gets for that. */
export const OWN_POSITION = `(${POSITION_BASE} + pg_current_xact_id()::text::bigint)`;
