import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Counter } from 'prom-client';
import { skipRest } from '../body/chunks';
import { endLingering } from '../body/unread-body';
import { UNKNOWN_SELLER } from '../caller';
import { EventLoopTurns } from '../event-loop-turns';
import type { ServerSocket } from './broken-requests';

/** Each takes some 6 kB when it is idle, and more when it is not: far more of them would end the service for all. */
const MAX_CONNECTIONS = 10_000;

/** Places kept free for new connections: at the maximum, Node drops a connection before this code sees it. */
const SPARE = 200;

/** How many connections close for each new one: more than one, to make room, but few, to be quick. */
const CUT_AT_ONCE = 20;

/** How many requests of a connection may wait for their answers: each takes some 10 kB. */
const MAX_PIPELINED = 64;

/** How many requests of all connections may wait behind another of their connection. */
const MAX_PIPELINED_OF_ALL = 2000;

const SENT = ['nothing', 'something'] as const;

const CUT = new Counter({
  name: 'http_connections_cut_total',
  help: 'Connections cut because there were too many: that had never sent a byte, or that were between requests',
  labelNames: ['sent'],
});
for (const sent of SENT) CUT.inc({ sent }, 0);

const PIPELINES_CUT = new Counter({
  name: 'http_pipelines_cut_total',
  help: `Connections cut because more than ${MAX_PIPELINED} of their requests waited for answers, or ${MAX_PIPELINED_OF_ALL} of all`,
});

/** A connection, and the answers that are not over yet, in the order of their requests. */
interface Connection {
  latest?: IncomingMessage;
  /** Whose key its last request had. */
  seller?: string;
  open: Set<ServerResponse>;
}

const connections = new WeakMap<Socket, Connection>();

/** Whether no other request has come on the connection after this one. */
export function isLatest(request: IncomingMessage): boolean {
  return connections.get(request.socket)?.latest === request;
}

/**
 * Limits the number of connections, and of the requests that they send ahead of their answers. When connections become too
 * many, those go first that have never sent a byte, then those that wait for the rest of the next request, or for all of it;
 * of each kind the oldest. There is no limit by address, as behind a load balancer all clients have one.
 */
export function keepRoomForClients(fastify: FastifyInstance): void {
  const { server } = fastify;
  server.maxConnections = MAX_CONNECTIONS;
  const all = new Set<ServerSocket>();
  /** In the order of their arrival. */
  const waitingForRequest = new Set<ServerSocket>();
  let pipelined = 0;
  server.on('connection', (socket: ServerSocket) => {
    if (all.size >= MAX_CONNECTIONS - SPARE) makeRoom(waitingForRequest);
    all.add(socket);
    waitingForRequest.add(socket);
    const open = new Set<ServerResponse>();
    connections.set(socket, { open });
    socket.once('close', () => {
      all.delete(socket);
      waitingForRequest.delete(socket);
      closeWaiting(open, socket);
    });
  });
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const connection = connections.get(socket) as Connection;
    const { open } = connection;
    waitingForRequest.delete(socket);
    connection.latest = request;
    if (open.size > 0) pipelined++;
    open.add(response);
    response.once('close', () => {
      open.delete(response);
      if (open.size > 0) pipelined--;
      else if (!socket.destroyed) waitingForRequest.add(socket);
    });
    if (open.size > MAX_PIPELINED || (open.size > 1 && pipelined > MAX_PIPELINED_OF_ALL)) cutPipeline(socket);
  });
  server.on('drop', () => {
    endLingering();
    server.closeIdleConnections();
  });
}

/** How many requests may wait for their first turn, and how many take theirs in a round of the event loop. */
const MAX_ARRIVED = 4000;
const BEGUN_AT_ONCE = 256;

/** In a round in which a new connection has come: Node takes one in each, and others may wait to be taken. */
const BEGUN_WHILE_CONNECTING = 8;

/**
 * Lets requests begin in turns. They share them by the sellers for whom their connections have worked before; new connections
 * share as one seller does. All that has arrived together is passed on by Node before the first of it begins, and none of a
 * connection that is cut is carried out. Probes of the health go first.
 */
export function beginInTurns(fastify: FastifyInstance): void {
  const turns = new EventLoopTurns(MAX_ARRIVED, BEGUN_AT_ONCE);
  fastify.server.on('connection', () => turns.shorten(BEGUN_WHILE_CONNECTING));
  fastify.addHook('onRequest', ({ raw: { socket }, routeOptions }, _, done) => {
    if (routeOptions.url?.startsWith('/health/')) return done();
    const seller = connections.get(socket)?.seller ?? UNKNOWN_SELLER;
    const isGone = () => socket.destroyed;
    const begin = (error?: Error) => isGone() || done(error);
    turns.wait(seller, 1, isGone).then(() => begin(), begin);
  });
  fastify.addHook('onSend', ({ raw: { socket }, caller }, _, __, done) => {
    const connection = connections.get(socket);
    if (connection && caller) connection.seller = caller.seller_id;
    done();
  });
}

/**
 * Ends the answers that wait for others on a connection which has ended: Node tells only the one that it was sending. Those
 * behind it would keep what they hold, such as open files.
 */
function closeWaiting(open: Set<ServerResponse>, { _httpMessage: sending }: ServerSocket): void {
  for (const response of open) {
    if (response !== sending) response.destroy().emit('close');
  }
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
      if (socket.bytesRead > 0 && sent === 'nothing') continue;
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
