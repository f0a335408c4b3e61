import type { FastifyReply, FastifyRequest } from 'fastify';
import { Counter, Histogram } from 'prom-client';

const DURATION = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time from the arrival of a request to the end of its answer',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
});

const FAILURES = new Counter({
  name: 'failures_total',
  help: 'Answers 5xx: the database was unavailable, too much was waiting, or the service itself is wrong',
  labelNames: ['kind'],
});

const KINDS = ['unavailable', 'overloaded', 'unexpected'] as const;
export type FailureKind = (typeof KINDS)[number];

// Each series starts at 0, because an alert sees only the rise of one that exists.
for (const kind of KINDS) FAILURES.inc({ kind }, 0);

const BROKEN = new Counter({
  name: 'http_broken_requests_total',
  help: 'What came instead of a request, or came too slowly, by the status of its answer',
  labelNames: ['status'],
});

/** The route, never the path, which may hold anything and would make a time series of each customer. */
export function measureRequest({ method, routeOptions }: FastifyRequest, reply: FastifyReply, status: number): void {
  DURATION.observe({ method, route: routeOptions.url ?? 'none', status }, reply.elapsedTime / 1000);
}

export function countBrokenRequest(status: number): void {
  BROKEN.inc({ status });
}

export function countFailure(kind: FailureKind): void {
  FAILURES.inc({ kind });
}
