import { createRequire } from 'node:module';
import type pinoPretty from 'pino-pretty';
import { visible } from '../../terminal';

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
