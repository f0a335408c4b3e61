import type { FastifyInstance, FastifyRequest } from 'fastify';
import { OverdueError } from '../../database/errors';
import { sendError } from '../errors/error-response';

declare module 'fastify' {
  interface FastifyRequest {
    clock: AnswerClock | undefined;
  }
}

/**
 * Counts how long a client waits for its answer. It stands still while the service waits for the client, which is to send
 * the body and has a time limit of its own.
 */
class AnswerClock {
  private leftMs: number;
  private startedAt = 0;
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly limitMs: number,
    private readonly giveUp: () => void,
  ) {
    this.leftMs = limitMs;
    this.start();
  }

  start(): void {
    this.startedAt = performance.now();
    this.timer = setTimeout(this.giveUp, this.leftMs);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.leftMs -= performance.now() - this.startedAt;
  }

  /** Whether two thirds of the time are over. */
  get isLate(): boolean {
    return this.leftMs - (performance.now() - this.startedAt) <= this.limitMs / 3;
  }
}

/**
 * Whether it is too late to begin with a request: its client has left, or little of its time is left. A change that
 * begins so late would often be carried out after its 503.
 */
export function isTooLate({ raw, clock }: FastifyRequest): boolean {
  return raw.socket.destroyed || clock?.isLate === true;
}

/**
 * Answers 503 to a request that has no answer after `answerTimeoutMs`. The wait for its body, or for a webhook's
 * receiver, does not count (`pauseClockDuring`); Fastify's `handlerTimeout` would count it. Work that has begun continues
 * within its own limits, and its result is not sent (`ApiFastifyAdapter.reply`).
 */
export function answerInTime(server: FastifyInstance, answerTimeoutMs: number): void {
  server.decorateRequest('clock', undefined);
  server.addHook('preValidation', (request, reply, done) => {
    const giveUp = () => request.raw.socket.destroyed || sendError(new OverdueError(), request, reply);
    const clock = new AnswerClock(answerTimeoutMs, giveUp);
    request.clock = clock;
    reply.raw.once('close', () => clock.stop());
    done();
  });
}

/** Waits for something outside of the service, such as the client: meanwhile the clock of the request stands still. */
export async function pauseClockDuring<T>({ clock, raw }: FastifyRequest, arrival: Promise<T>): Promise<T> {
  clock?.stop();
  try {
    return await arrival;
  } finally {
    if (!raw.socket.destroyed) clock?.start();
  }
}
