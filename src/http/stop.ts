import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/** Load balancers need a moment to hear that the service is no longer ready, and clients to let go of connections. */
const GRACE_MS = 500;

/** How long requests under way may take to end. */
const PATIENCE_MS = 5000;

const stopping = new WeakSet<object>();

/** Whether a server is about to stop: it still answers, but wants no further requests. */
export function isStopping(server: object): boolean {
  return stopping.has(server);
}

/**
 * Has every answer of a server that is about to stop end its connection: a client that would send its next request on one
 * that is closed in the same moment could not tell whether the request was carried out.
 */
export function closeConnectionsWhenStopping(server: FastifyInstance): void {
  server.addHook('onSend', async (_, reply) => {
    if (isStopping(server.server)) reply.header('connection', 'close');
  });
}

/**
 * Stops an application: first it says that it is not ready any more, then no connections are taken, and those that are
 * left after a while are cut. Node would wait for ever for one on which a request never arrives whole.
 */
export async function stopServing(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer();
  stopping.add(server);
  await sleep(GRACE_MS);
  const patience = setTimeout(() => server.closeAllConnections(), PATIENCE_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(patience);
  }
}
