import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Statement, Statements } from './statements';

const PAUSE_MS = 60_000;

/** So few that writers of such rows hardly wait. */
export const PRUNED_AT_ONCE = 1000;

/** Removes expired rows every minute, a few at a time, on every instance. */
@Injectable()
export abstract class Pruner implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Deletes up to `PRUNED_AT_ONCE` rows, skips locked ones, and returns one row for each. */
  protected abstract readonly statement: Statement;
  /** The rows, as the log names them. */
  protected abstract readonly what: string;
  private timer?: NodeJS.Timeout;

  constructor(private readonly statements: Statements) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.prune().catch((error) => this.report(error)), PAUSE_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Removes all expired rows. */
  async prune(): Promise<void> {
    let pruned;
    do pruned = await this.statements.run(this.statement, []);
    while (pruned.length === PRUNED_AT_ONCE);
  }

  private report({ code }: { code?: unknown }): void {
    new Logger(this.constructor.name).warn(`${this.what} not removed: ${String(code)}`);
  }
}
