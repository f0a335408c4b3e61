import type { LoggerService } from '@nestjs/common';
import { createRequire } from 'node:module';
import type pinoPretty from 'pino-pretty';
import { visible } from '../../terminal';
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

/** What `lineOf` shows already, or people have no use for. */
const NOT_SHOWN = 'method,route,status,duration_ms,context';

/** Where to write a log that people read: a line each, in colours where the terminal has them. */
export function terminalLog(): pinoPretty.PrettyStream {
  // Loaded only where it is needed, as a log for machines starts faster without.
  const pretty = createRequire(__filename)('pino-pretty') as typeof pinoPretty;
  return pretty({
    // At once, so that its lines and those of others come in their order.
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: NOT_SHOWN,
    messageFormat: lineOf,
  });
}

function lineOf({ msg, method, route, status, duration_ms }: Record<string, unknown>): string {
  if (msg !== undefined) return visible(String(msg));
  return method === undefined ? '' : `${method} ${route ?? '(no route)'} ${status} in ${duration_ms} ms`;
}
