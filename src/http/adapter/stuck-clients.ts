import type { IncomingMessage, Server } from 'node:http';
import type { ServerSocket } from './broken-requests';

/**
 * Cuts connections on which an answer stands still because nobody reads it; what arrives too slowly meets the limits of
 * Node.
 */
export function cutStuckConnections(server: Server, maxMs: number): void {
  // Node lets it pass twice after a part of the answer went out. Between requests it has a limit of its own.
  server.on('request', ({ socket }: IncomingMessage) => socket.setTimeout(maxMs / 2));
  server.on('timeout', (socket: ServerSocket) => {
    const isWorkedOn = socket._httpMessage && socket.writableLength === 0;
    if (!isWorkedOn) socket.destroy();
  });
}
