import { context, trace } from '@opentelemetry/api';
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import pino from 'pino';
import type { Config } from '../../config/config';
import { terminalLog } from './nest-log';

export type Log = FastifyBaseLogger;

/** The log of the whole service on stdout: one JSON object a line, or on a terminal a line for people. */
export function createLog({ logLevel, otelExporterOtlpEndpoint }: Config): Log {
  const mixin = otelExporterOtlpEndpoint ? traceOfRequest : undefined;
  const options = { level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime, mixin };
  return process.stdout.isTTY ? pino(options, terminalLog()) : pino(options);
}

function traceOfRequest(): object {
  return { trace_id: trace.getSpanContext(context.active())?.traceId };
}

/** Writes one line a request. It names the route, never the URL, which may hold anything. */
export function logRequest(request: FastifyRequest, reply: FastifyReply, status: number): void {
  const { method, routeOptions } = request;
  const { seller_id, key_id } = request.caller ?? {};
  const duration_ms = Math.round(reply.elapsedTime * 100) / 100;
  request.log.info({ method, route: routeOptions.url, status, duration_ms, seller_id, key_id });
}

/** Secrets are not: it is going to be logged. */
const ACCEPTABLE = /^(?!.*[sp][sk]_live_)[A-Za-z0-9._-]{1,128}$/;

/** The name of a request in answers and logs: the client's own X-Request-Id when it is harmless, otherwise a new UUID. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && ACCEPTABLE.test(sent) ? sent : randomUUID();
}
