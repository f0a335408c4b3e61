import { Injectable } from '@nestjs/common';
import { PRUNED_AT_ONCE, Pruner } from '../../database/pruner';
import type { Statement } from '../../database/statements';
import { RECORD_LIFETIME } from './facts/records';

const PRUNE: Statement = {
  name: 'prune_idempotency_records',
  text: `
  DELETE FROM idempotency_records AS record USING (
    SELECT tableoid, ctid FROM idempotency_records
     WHERE created_at <= now() - ${RECORD_LIFETIME} ORDER BY created_at LIMIT ${PRUNED_AT_ONCE} FOR UPDATE SKIP LOCKED) AS old
   WHERE record.tableoid = old.tableoid AND record.ctid = old.ctid
  RETURNING 1`,
};

/** Removes the records of requests that no retry can ask for any more. */
@Injectable()
export class RecordPruner extends Pruner {
  protected readonly statement = PRUNE;
  protected readonly what = 'Old idempotency records';
}
