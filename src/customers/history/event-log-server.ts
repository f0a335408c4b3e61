import { DatabaseError, type Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { poolOf } from '../../database/pool';
import { POSITION_BASE } from './position';

const PERMISSION_DENIED = '42501';
const READ_ONLY = '25006';

/** Larger than the distance of any cursor from the last position in a dump: cursors may be newer than the dump. */
const GAP = '1099511627776';

const IS_OTHER_SERVER = `system_identifier IS DISTINCT FROM (SELECT system_identifier FROM pg_control_system())`;

const FIND_OTHER_SERVER = `SELECT FROM event_log WHERE ${IS_OTHER_SERVER}`;

/**
 * Raises the offset above the last positions of all changes and ticks. The ticks count because a cursor may stand where there
 * is no change. Of two instances the second waits for the first, and then updates nothing.
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
