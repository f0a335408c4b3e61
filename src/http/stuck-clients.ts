import type { IncomingMessage, Server } from 'node:http';
import type { ServerSocket } from './broken-requests';

/** Each takes some 6 kB when it is idle, and more when it is not: far more of them would end the service for all. */
const MAX_CONNECTIONS = 10_000;

/**
 * Cuts connections on which an answer stands still because nobody reads it; what arrives too slowly meets the limits of
 * Node. Past a number of connections no more are taken, and the idle ones are closed to make room for those who ask again.
 */
export function cutStuckConnections(server: Server, maxMs: number): void {
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => server.closeIdleConnections());
  // Node lets it pass twice after a part of the answer went out. Between requests it has a limit of its own.
  server.on('request', ({ socket }: IncomingMessage) => socket.setTimeout(maxMs / 2));
  server.on('timeout', (socket: ServerSocket) => {
    const isWorkedOn = socket._httpMessage && socket.writableLength === 0;
    if (!isWorkedOn) socket.destroy();
  });
}
