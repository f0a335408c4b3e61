import type { LoggerService } from '@nestjs/common';
import type { Log } from './request-log';

/** Sends what Nest and its modules have to say to the service's own log. Nest's account of its start is debugging. */
export class NestLog implements LoggerService {
  constructor(private readonly destination: Log) {}

  log(message: unknown, context?: unknown): void {
    this.destination.debug({ context }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.destination.warn({ context }, String(message));
  }

  error(message: unknown, ...details: unknown[]): void {
    this.destination.error({ context: details.at(-1) }, String(message));
  }
}
