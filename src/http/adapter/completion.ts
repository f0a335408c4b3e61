import type { ServerResponse } from 'node:http';
import { context } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { measureRequest } from '../metrics';
import { logRequest } from './log';

/** Logged for requests whose connection ended before the answer, as by other servers, and never sent. */
const CONNECTION_GONE = 499;

/** Answers that Fastify does not send. The code that sends them also logs them. */
const ofOthers = new WeakSet<ServerResponse>();

/**
 * Logs and counts each request when it is over: its answer was sent, or its connection ended. Fastify's `onResponse` runs
 * only for answers.
 */
export function noteRequests(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    const note = () => noteEnd(request, reply);
    reply.raw.once('close', context.bind(context.active(), note));
    done();
  });
}

/** Excludes a request that something other than Fastify answers and logs. */
export function leaveToOthers(response: ServerResponse): void {
  ofOthers.add(response);
}

function noteEnd(request: FastifyRequest, reply: FastifyReply): void {
  if (ofOthers.has(reply.raw)) return;
  const status = reply.raw.writableFinished ? reply.statusCode : CONNECTION_GONE;
  logRequest(request, reply, status);
  measureRequest(request, reply, status);
}
