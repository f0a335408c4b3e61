import type { FastifyRateLimitStore } from '@fastify/rate-limit';

/** The most sellers who are counted; of more, those who have made no request for longest start anew. */
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
export class RequestCounts implements FastifyRateLimitStore {
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
    done(null, { current: window.count, ttl: window.startedAt + windowMs - now });
  }

  /** One limit for all routes, so one store. */
  child(): this {
    return this;
  }
}
