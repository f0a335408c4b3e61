import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { context } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { measureRequest } from '../metrics';
import { logRequest } from './log';

/** Of requests whose connection ended before the answer, as other servers log it too. Nobody receives it. */
const CONNECTION_GONE = 499;

/** The requests that are open on a connection, in their order, and what is to be done at the end of each. */
const openOn = new WeakMap<Socket, Map<IncomingMessage, () => void>>();

/** Answers that Fastify does not send. The code that sends them also logs them. */
const ofOthers = new WeakSet<ServerResponse>();

/**
 * Logs and counts each request when it is over: its answer was sent, or its connection ended. Fastify's `onResponse` runs
 * only for answers, and when a connection ends, Node tells only the first request that waits on it.
 */
export function noteRequests(server: FastifyInstance): void {
  server.server.on('connection', (socket: Socket) => {
    const open = new Map<IncomingMessage, () => void>();
    openOn.set(socket, open);
    socket.once('close', () => open.forEach((end) => end()));
  });
  server.addHook('onRequest', (request, reply, done) => {
    const open = openOn.get(request.raw.socket);
    const end = context.bind(context.active(), () => {
      if (open?.delete(request.raw)) note(request, reply);
    });
    open?.set(request.raw, end);
    reply.raw.once('close', end);
    done();
  });
}

/** Excludes a request that something other than Fastify answers and logs. */
export function leaveToOthers(response: ServerResponse): void {
  ofOthers.add(response);
}

function note(request: FastifyRequest, reply: FastifyReply): void {
  if (ofOthers.has(reply.raw)) return;
  const status = reply.raw.writableFinished ? reply.statusCode : CONNECTION_GONE;
  logRequest(request, reply, status);
  measureRequest(request, reply, status);
}
