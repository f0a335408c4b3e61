import { context } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { measureRequest } from './metrics';
import { logRequest } from './request-log';

/** Of requests whose client was gone before the answer, as other servers log it too. Nobody receives it. */
const CLIENT_GONE = 499;

/**
 * Logs and counts each request when it is over. By the end of Node's own answer: Fastify's `onResponse` does not come for
 * clients that hang up.
 */
export function noteRequests(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    const note = () => {
      logRequest(request, reply, statusOf(reply));
      measureRequest(request, reply, statusOf(reply));
    };
    reply.raw.once('close', context.bind(context.active(), note));
    done();
  });
}

function statusOf({ raw, statusCode }: FastifyReply): number {
  return raw.writableFinished ? statusCode : CLIENT_GONE;
}
