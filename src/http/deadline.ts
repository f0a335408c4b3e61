import type { FastifyInstance } from 'fastify';
import { OverdueError } from '../database/unavailable';
import { sendError } from './error-response';

declare module 'fastify' {
  interface FastifyRequest {
    deadline: NodeJS.Timeout | undefined;
  }
}

/**
 * Answers 503 to a request that has arrived whole and has no answer after `answerTimeoutMs`, whatever it waits for.
 * Fastify's `handlerTimeout` would count the time in which the body arrives, which has a limit of its own. Work that has
 * begun goes on to its own limits; what it comes to is not sent (`HttpServer.reply`).
 */
export function answerInTime(server: FastifyInstance, answerTimeoutMs: number): void {
  server.decorateRequest('deadline', undefined);
  server.addHook('preValidation', (request, reply, done) => {
    request.deadline = setTimeout(() => sendError(new OverdueError(), request, reply), answerTimeoutMs);
    done();
  });
  server.addHook('onResponse', (request, _, done) => {
    clearTimeout(request.deadline);
    done();
  });
}
