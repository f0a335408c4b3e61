import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** How long requests under way may take to end. */
const PATIENCE_MS = 5000;

/**
 * Stops an application: no new connections, and those that are left after a while are cut. Node would wait for ever for
 * one on which a request never arrives whole.
 */
export async function stopServing(app: NestFastifyApplication): Promise<void> {
  const patience = setTimeout(() => app.getHttpServer().closeAllConnections(), PATIENCE_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(patience);
  }
}
