import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Statement, Statements } from '../../database/statements';
import { RECORD_LIFETIME } from './facts/records';

const PAUSE_MS = 60_000;

/** So few that nobody who writes a record has to wait. */
const BATCH = 1000;

const PRUNE: Statement = {
  name: 'prune_idempotency_records',
  text: `
  DELETE FROM idempotency_records AS record USING (
    SELECT seller_id, key, method, path FROM idempotency_records
     WHERE created_at <= now() - ${RECORD_LIFETIME} ORDER BY created_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) AS old
   WHERE record.seller_id = old.seller_id AND record.key = old.key
     AND record.method = old.method AND record.path = old.path
  RETURNING 1`,
};

/** Removes the records of requests that no retry can ask for any more, a few at a time, on every instance. */
@Injectable()
export class RecordPruner implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(RecordPruner.name);
  private timer?: NodeJS.Timeout;

  constructor(private readonly statements: Statements) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.prune().catch((error) => this.report(error)), PAUSE_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Removes all that there are. */
  async prune(): Promise<void> {
    let pruned;
    do pruned = await this.statements.run(PRUNE, []);
    while (pruned.length === BATCH);
  }

  private report({ code }: { code?: unknown }): void {
    this.log.warn(`Old idempotency records not removed: ${String(code)}`);
  }
}
