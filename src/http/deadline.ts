import type { FastifyInstance, FastifyRequest } from 'fastify';
import { OverdueError } from '../database/unavailable';
import { sendError } from './error-response';

declare module 'fastify' {
  interface FastifyRequest {
    /** When two thirds of its time are over, by `performance.now()`. */
    beginBy: number | undefined;
  }
}

/**
 * Whether it is too late to begin with what a request asks for: nobody waits any more, or what is left of its time may not
 * do. A change that is begun nevertheless would often be carried out after its 503.
 */
export function isTooLate({ raw, beginBy }: FastifyRequest): boolean {
  return raw.socket.destroyed || (beginBy !== undefined && performance.now() >= beginBy);
}

/**
 * Answers 503 to a request that has arrived whole and has no answer after `answerTimeoutMs`, whatever it waits for.
 * Fastify's `handlerTimeout` would count the time in which the body arrives, which has a limit of its own. Work that has
 * begun goes on to its own limits; what it comes to is not sent (`HttpServer.reply`).
 */
export function answerInTime(server: FastifyInstance, answerTimeoutMs: number): void {
  server.decorateRequest('beginBy', undefined);
  server.addHook('preValidation', (request, reply, done) => {
    const giveUp = () => request.raw.socket.destroyed || sendError(new OverdueError(), request, reply);
    const timer = setTimeout(giveUp, answerTimeoutMs);
    request.beginBy = performance.now() + (answerTimeoutMs * 2) / 3;
    reply.raw.once('close', () => clearTimeout(timer));
    done();
  });
}
