import rateLimit, { type FastifyRateLimitStore } from '@fastify/rate-limit';
import { HttpException, HttpStatus, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../config/config';
import type { ErrorDetails } from '../http/errors/errors';

const WINDOW_SECONDS = 60;

/** 429 after which a client knows when to come again. */
export class RateLimitException extends HttpException implements ErrorDetails {
  readonly headers;

  constructor(seconds: number) {
    super(`Rate limit exceeded, retry in ${seconds} seconds`, HttpStatus.TOO_MANY_REQUESTS);
    this.headers = { 'retry-after': String(seconds) };
  }
}

/** Limits the requests of a seller in a minute. Each instance counts for itself (contract, "Safe changes"). */
@Injectable()
export class RateLimit implements OnModuleInit {
  private readonly max: number;
  private count?: ReturnType<FastifyInstance['createRateLimit']>;

  constructor(
    private readonly host: HttpAdapterHost,
    { rateLimitPerMinute }: Config,
  ) {
    this.max = rateLimitPerMinute;
  }

  /** The command line has no server, and nothing to limit. */
  async onModuleInit(): Promise<void> {
    const server = this.host.httpAdapter?.getInstance<FastifyInstance>();
    if (this.max === 0 || !server) return;
    await server.register(rateLimit, { global: false, store: RequestCounts });
    this.count = server.createRateLimit({
      max: this.max,
      timeWindow: WINDOW_SECONDS * 1000,
      keyGenerator: ({ caller }) => String(caller?.seller_id),
    });
  }

  /**
   * Counts a request whose caller is known, and says in the answer what is left: RateLimit and RateLimit-Policy of
   * draft-ietf-httpapi-ratelimit-headers.
   * @throws RateLimitException when nothing is left.
   */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const limit = await this.count?.(request);
    if (!limit || limit.isAllowed) return;
    const { remaining, ttlInSeconds, isExceeded } = limit;
    reply.header('ratelimit-policy', `"default";q=${this.max};w=${WINDOW_SECONDS}`);
    reply.header('ratelimit', `"default";r=${remaining};t=${ttlInSeconds}`);
    if (isExceeded) throw new RateLimitException(ttlInSeconds);
  }
}

/** How many sellers are counted at most. Past it, those without a request for longest start anew. */
const MAX_SELLERS = 50_000;

interface Window {
  /** By `performance.now()`. */
  startedAt: number;
  count: number;
}

/**
 * The requests of each seller in its current window, for `@fastify/rate-limit`. Its own store goes by the wall clock: set
 * back an hour, that makes a seller wait for an hour.
 */
class RequestCounts implements FastifyRateLimitStore {
  /** Least recently used first. */
  private readonly windows = new Map<string, Window>();

  incr(
    sellerId: string,
    done: (error: Error | null, result?: { current: number; ttl: number }) => void,
    windowMs: number,
  ): void {
    const now = performance.now();
    const known = this.windows.get(sellerId);
    const window = known && now < known.startedAt + windowMs ? known : { startedAt: now, count: 0 };
    window.count++;
    this.windows.delete(sellerId);
    this.windows.set(sellerId, window);
    if (this.windows.size > MAX_SELLERS) this.windows.delete(this.windows.keys().next().value ?? '');
    done(null, { current: window.count, ttl: windowMs - (now - window.startedAt) });
  }

  /** One limit for all routes, so one store. */
  child(): this {
    return this;
  }
}
