import { Injectable } from '@nestjs/common';
import { PRUNED_AT_ONCE, Pruner } from '../database/pruner';
import type { Statement } from '../database/statements';

const PRUNE: Statement = {
  name: 'prune_portal_sessions',
  text: `
  DELETE FROM portal_sessions AS session USING (
    SELECT tableoid, ctid FROM portal_sessions
     WHERE expires_at <= now() ORDER BY expires_at LIMIT ${PRUNED_AT_ONCE} FOR UPDATE SKIP LOCKED) AS expired
   WHERE session.tableoid = expired.tableoid AND session.ctid = expired.ctid
  RETURNING 1`,
};

/** Removes the sessions that have expired, also of customers who never come again. */
@Injectable()
export class SessionPruner extends Pruner {
  protected readonly statement = PRUNE;
  protected readonly what = 'Expired portal sessions';
}
