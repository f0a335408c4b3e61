import { context, trace } from '@opentelemetry/api';
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import pino from 'pino';
import type { Config } from '../../config/config';
import type { LoggerService } from '@nestjs/common';
import { createRequire } from 'node:module';
import type pinoPretty from 'pino-pretty';
import { visible } from '../../terminal';

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

/** A request id with an API key or a token in it is not acceptable, because ids are logged. */
const ACCEPTABLE = /^(?!.*[sp][sk]_live_)[A-Za-z0-9._-]{1,128}$/;

/** The name of a request in answers and logs: the client's own X-Request-Id when it is harmless, otherwise a new UUID. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && ACCEPTABLE.test(sent) ? sent : randomUUID();
}

/** Sends the messages of Nest and its modules to the service's own log. Those about the start have the level debug. */
export class NestLog implements LoggerService {
  constructor(private readonly destination: Log) {}

  log(message: unknown, context?: unknown): void {
    this.destination.debug({ context }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.destination.warn({ context }, String(message));
  }

  error(message: unknown, ...details: unknown[]): void {
    this.destination.error({ context: details.at(-1) }, String(message));
  }
}

/** What `lineOf` shows already, or people have no use for. */
const NOT_SHOWN = 'method,route,status,duration_ms,context';

/** Where to write a log that people read: a line each, in colours if the terminal has them. */
function terminalLog(): pinoPretty.PrettyStream {
  // Loaded only when it is needed, as a log for machines starts faster without.
  const pretty = createRequire(__filename)('pino-pretty') as typeof pinoPretty;
  return pretty({
    // Writes at once, so that its lines and what others print keep their order.
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: NOT_SHOWN,
    messageFormat: lineOf,
  });
}

function lineOf({ msg, method, route, status, duration_ms }: Record<string, unknown>): string {
  if (msg !== undefined) return visible(String(msg));
  return method === undefined ? '' : `${method} ${route ?? '(no route)'} ${status} in ${duration_ms} ms`;
}
