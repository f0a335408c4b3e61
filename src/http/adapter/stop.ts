import { once } from 'node:events';
import type { Server } from 'node:http';
import { setImmediate as afterPoll, setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config/config';
import { isLatest } from './connection-room';

/**
 * How long no request may have come before connections are closed: on a slow machine or network, some are still on their
 * way.
 */
const QUIET_MS = 250;

/** How long to wait for that after the grace period: clients without a load balancer may never stop sending. */
const MAX_UNQUIET_MS = 2000;

/** The server closes once no connection has come for the first time span, and at the latest after the second. */
const NO_CONNECTION_MS = 20;
const MAX_NO_CONNECTION_WAIT_MS = 250;

/** How long requests under way may take to end: longer than their answers may take. */
const MAX_CLOSE_MS = 3000;

/** Servers that are about to stop, with the moment of their last answer, which tells of requests that still come. */
const lastAnswers = new WeakMap<object, number>();

/** By server, while it takes its last connections: a new request waits for this promise. */
const closings = new WeakMap<object, Promise<unknown>>();

/** Whether a server is about to stop: it still answers, but wants no further requests. */
export function isStopping(server: object): boolean {
  return lastAnswers.has(server);
}

/**
 * Makes every answer of a stopping server close its connection. Otherwise the service might close a connection while a
 * request arrives on it, and the client could not tell whether the request was carried out.
 */
export function closeConnectionsWhenStopping(server: FastifyInstance): void {
  server.addHook('onRequest', (_, __, done) => {
    const closing = closings.get(server.server);
    if (closing) void closing.then(() => done());
    else done();
  });
  server.addHook('onSend', ({ raw, routeOptions }, reply, _, done) => {
    if (isStopping(server.server)) {
      // Those that have come behind it are answered first.
      if (isLatest(raw)) reply.header('connection', 'close');
      if (!routeOptions.url?.startsWith('/health/')) lastAnswers.set(server.server, Date.now());
    }
    done();
  });
}

/**
 * Stops an application: first it says that it is not ready any more, and gives load balancers the time to hear of it;
 * then no connections are taken, and those that are left after a while are cut. Node would wait for ever for one on which
 * a request never arrives whole.
 */
export async function stopServing(app: NestFastifyApplication, { stopGraceMs }: Config): Promise<void> {
  const server = app.getHttpServer();
  lastAnswers.set(server, 0);
  await sleep(stopGraceMs);
  await untilQuiet(server);
  await stopListening(server);
  await app.close();
}

/**
 * Closes the server and waits until its connections have ended. The kernel accepts connections before Node takes them, and
 * resets those that Node has not taken. So the server closes at a moment without new ones. To get such a moment, it holds
 * back its answers: a client that waits for an answer opens no new connection.
 */
async function stopListening(server: Server): Promise<void> {
  let lastCame = Date.now();
  server.on('connection', () => (lastCame = Date.now()));
  const end = Date.now() + MAX_NO_CONNECTION_WAIT_MS;
  const closed = once(server, 'close');
  const closing = (async () => {
    while (Date.now() < Math.min(end, lastCame + NO_CONNECTION_MS)) await sleep(5);
    // Right after Node has taken what there was.
    await afterPoll();
    server.close();
  })();
  closings.set(server, closing);
  await closing;
  closings.delete(server);
  const timeout = setTimeout(() => server.closeAllConnections(), MAX_CLOSE_MS);
  await closed;
  clearTimeout(timeout);
}

/** A request that has arrived but has not been read yet would be lost with its connection. */
async function untilQuiet(server: object): Promise<void> {
  const end = Date.now() + MAX_UNQUIET_MS;
  while (Date.now() < Math.min(end, (lastAnswers.get(server) ?? 0) + QUIET_MS)) await sleep(20);
}
