import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Secrets are not: it is going to be logged. */
const ACCEPTABLE = /^(?!.*[sp][sk]_live_)[A-Za-z0-9._-]{1,128}$/;

/** The name of a request in answers and logs: the client's own X-Request-Id when it is harmless, otherwise a new UUID. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && ACCEPTABLE.test(sent) ? sent : randomUUID();
}
