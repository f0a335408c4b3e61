import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Statement, Statements } from './statements';

const PAUSE_MS = 60_000;

/** So few that nobody who writes such a row has to wait. */
export const PRUNED_AT_ONCE = 1000;

/** Removes rows whose time is over, a few at a time, on every instance. */
@Injectable()
export abstract class Pruner implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Removes up to `PRUNED_AT_ONCE` rows, passing over those that are locked, and returns one for each. */
  protected abstract readonly statement: Statement;
  /** What it removes, for the log. */
  protected abstract readonly what: string;
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
    do pruned = await this.statements.run(this.statement, []);
    while (pruned.length === PRUNED_AT_ONCE);
  }

  private report({ code }: { code?: unknown }): void {
    new Logger(this.constructor.name).warn(`${this.what} not removed: ${String(code)}`);
  }
}
