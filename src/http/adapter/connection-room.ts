import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Counter } from 'prom-client';
import { skipRest } from '../body/chunks';
import { endLingering } from '../body/unread-body';
import type { ServerSocket } from './broken-requests';

/** Each takes some 6 kB when it is idle, and more when it is not: far more of them would end the service for all. */
const MAX_CONNECTIONS = 10_000;

/** Places kept free for new connections: at the maximum, Node drops a connection before this code sees it. */
const SPARE = 200;

/** How many connections close for each new one: more than one, to make room, but few, to be quick. */
const CUT_AT_ONCE = 20;

/** How many requests of a connection may wait for their answers: each takes some 10 kB. */
const MAX_PIPELINED = 64;

const SENT = ['nothing', 'something'] as const;

const CUT = new Counter({
  name: 'http_connections_cut_total',
  help: 'Connections cut because there were too many: that had never sent a byte, or that were between requests',
  labelNames: ['sent'],
});
for (const sent of SENT) CUT.inc({ sent }, 0);

const PIPELINES_CUT = new Counter({
  name: 'http_pipelines_cut_total',
  help: `Connections cut because more than ${MAX_PIPELINED} of their requests waited for answers`,
});

/** The last request that has come on a connection. */
const latestOn = new WeakMap<Socket, IncomingMessage>();

/** Whether no other request has come on the connection after this one. */
export function isLatest(request: IncomingMessage): boolean {
  return latestOn.get(request.socket) === request;
}

/**
 * Limits the number of connections, and of the requests that one of them sends ahead of its answers. When they become too many, those go first that have never sent a byte, then those
 * that wait for the rest of the next request, or for all of it; of each kind the oldest.
 * There is no limit by address, as behind a load balancer all clients have one.
 */
export function keepRoomForClients(fastify: FastifyInstance): void {
  const { server } = fastify;
  server.maxConnections = MAX_CONNECTIONS;
  const all = new Set<ServerSocket>();
  /** In the order of their arrival. */
  const waitingForRequest = new Set<ServerSocket>();
  server.on('connection', (socket: ServerSocket) => {
    if (all.size >= MAX_CONNECTIONS - SPARE) makeRoom(waitingForRequest);
    all.add(socket);
    waitingForRequest.add(socket);
    socket.once('close', () => {
      all.delete(socket);
      waitingForRequest.delete(socket);
    });
  });
  const unanswered = new WeakMap<Socket, number>();
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    waitingForRequest.delete(socket);
    latestOn.set(socket, request);
    const count = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, count);
    response.once('close', () => {
      unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1);
      if (!socket.destroyed) waitingForRequest.add(socket);
    });
    if (count > MAX_PIPELINED) cutPipeline(socket);
  });
  fastify.addHook('onRequest', ({ raw: { socket } }, _, done) => {
    if (unanswered.get(socket) === 1) return done();
    // Node passes on all requests that have arrived together before this. None of a connection that is cut is carried out.
    setImmediate(() => socket.destroyed || done());
  });
  server.on('drop', () => {
    endLingering();
    server.closeIdleConnections();
  });
}

/** The connection of a client that sends far more requests than it reads answers. */
function cutPipeline(socket: Socket): void {
  if (socket.destroyed) return;
  PIPELINES_CUT.inc();
  skipRest(socket);
  socket.destroy();
}

function makeRoom(waitingForRequest: Set<ServerSocket>): void {
  let left = CUT_AT_ONCE;
  for (const sent of SENT) {
    for (const socket of waitingForRequest) {
      if (left === 0) return;
      const isOther = socket.bytesRead > 0 && sent === 'nothing';
      // Of requests that came together, the answer to the first is over, but not that to the next.
      if (isOther || socket._httpMessage) continue;
      waitingForRequest.delete(socket);
      socket.destroy();
      CUT.inc({ sent });
      left--;
    }
  }
}

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
