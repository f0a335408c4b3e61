import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnavailable, OverloadedError } from '../../database/errors';
import type { ErrorDetails } from './errors';
import { countFailure, type FailureKind } from '../metrics';
import { publicTypeOf, titleOf, typeOf } from './problems';
import { SECURITY_HEADERS } from '../security-headers';

/** The plain body of every error. */
interface ErrorBody {
  /** The reason phrase of the status. */
  error: string;
  message: string;
}

interface ErrorAnswer extends ErrorDetails {
  status: number;
  message: string;
}

interface FrameworkError {
  code: string;
  status: number;
}

const PLAIN_TYPE = 'application/json';
const PROBLEM_TYPE = 'application/problem+json';

/** What Fastify finds wrong with a request by itself, in the contract's words. */
const FRAMEWORK_MESSAGES: Record<string, (request: FastifyRequest) => string> = {
  FST_ERR_BAD_URL: () => 'Path is not a valid URL component',
  FST_ERR_CTP_BODY_TOO_LARGE: () => 'Request body is too large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ({ headers }) => `Unsupported Media Type: ${headers['content-type'] ?? ''}`,
};

/** Answers a request with an error: the plain body, or the RFC 9457 document for a client that prefers its type. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const answer = describe(error, request);
  if (answer.status === 500) logUnexpected(error, request);
  // Too late: the request has met its deadline.
  if (reply.sent) return;
  // An upload that breaks off has the same error code as a lost connection to the database, but is not a failure.
  if (answer.status >= 500 && !request.raw.socket.destroyed) countFailure(kindOf(error, answer));
  const { type, body } = renderError(answer, request.headers.accept, request.id, request.server.publicPath);
  // Some errors occur before the hooks that set these headers.
  reply
    .status(answer.status)
    .headers({ ...SECURITY_HEADERS, 'x-request-id': request.id, vary: 'accept', ...answer.headers });
  reply.removeHeader('etag');
  // As bytes, because Fastify adds a charset to the type of a text, which that of a problem document does not know.
  reply.type(type).send(Buffer.from(body));
}

function kindOf(error: unknown, { status }: ErrorAnswer): FailureKind {
  if (error instanceof OverloadedError) return 'overloaded';
  return status === 500 ? 'unexpected' : 'unavailable';
}

/** The body of an error, and its type, for a client that accepts what `accept` says. */
export function renderError(answer: ErrorAnswer, accept: string | undefined, requestId: string, publicPath: string) {
  if (prefers(accept, PROBLEM_TYPE, PLAIN_TYPE)) {
    return { type: PROBLEM_TYPE, body: problemBody(answer, requestId, publicPath) };
  }
  const body: ErrorBody = { error: titleOf(answer.status), message: answer.message };
  return { type: `${PLAIN_TYPE}; charset=utf-8`, body: JSON.stringify(body) };
}

function describe(error: unknown, request: FastifyRequest): ErrorAnswer {
  if (isUnavailable(error)) {
    return { status: 503, message: 'Service temporarily unavailable', headers: { 'retry-after': '1' } };
  }
  const framework = frameworkError(error);
  if (framework) return describeFramework(framework, request);
  if (error instanceof HttpException && error.getStatus() !== 500) {
    const { headers, problem } = error as ErrorDetails;
    const status = error.getStatus();
    return { status, message: error.message, headers: { ...headers, ...acceptPatch(status, request) }, problem };
  }
  return { status: 500, message: 'An unexpected error occurred' };
}

/** 403 and 404 come from the files of the documentation: whatever a path tries there, no such route is the answer. */
function describeFramework({ code, status }: FrameworkError, request: FastifyRequest): ErrorAnswer {
  if (status === 403 || status === 404) return { status: 404, message: noSuchRoute(request) };
  const message = FRAMEWORK_MESSAGES[code]?.(request) ?? 'Malformed HTTP request';
  return { status, message, headers: acceptPatch(status, request) };
}

/** Names a path without its query, and without the origin of an absolute URL. */
export function noSuchRoute({ method, url }: FastifyRequest): string {
  const [path] = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/);
  return `Route ${method}:${path || '/'} not found`;
}

/** Nest wraps the errors that Fastify raises; both forms reach this place. */
function frameworkError(error: unknown): FrameworkError | undefined {
  const original = error instanceof HttpException ? error.cause : error;
  const { name, code, statusCode } = (original ?? {}) as { name?: string; code?: string; statusCode?: number };
  if (name !== 'FastifyError' || !code || !statusCode || statusCode >= 500) return undefined;
  return { code, status: statusCode };
}

/** RFC 5789, section 2.2: a 415 to a PATCH says which types would do. */
function acceptPatch(status: number, { method }: FastifyRequest): Record<string, string> {
  return status === 415 && method === 'PATCH' ? { 'accept-patch': ACCEPT_PATCH } : {};
}

export const ACCEPT_PATCH = 'application/json, application/merge-patch+json';

function problemBody({ status, message, problem }: ErrorAnswer, instance: string, publicPath: string): string {
  const title = titleOf(status);
  const { type = typeOf(status), ...members } = problem ?? {};
  const errors = status === 400 && { errors: [{ pointer: '', code: 'syntax', message }] };
  const publicType = publicTypeOf(type, publicPath);
  return JSON.stringify({ type: publicType, title, status, detail: message, instance, ...errors, ...members });
}

/** Logs only the kind of the error and its code: the rest may hold SQL or personal data. */
function logUnexpected(error: unknown, request: FastifyRequest): void {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  request.log.error({ error: { name, code } }, 'unexpected error');
}

/** Every exception, whether of a handler, a guard, a pipe or Fastify itself, ends here. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendError(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}

/** One range of an Accept header: a type, of which either part may be `*`, and how welcome it is. */
interface MediaRange {
  type: string;
  quality: number;
}

/** RFC 9110, section 12.4.2. */
const QUALITY = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** Whether a client would rather have one media type than the other (RFC 9110, section 12.5.1); not when both are alike to it. */
export function prefers(accept: string | undefined, type: string, other: string): boolean {
  if (accept === undefined) return false;
  const ranges = accept.toLowerCase().split(',').map(parseRange);
  return qualityOf(type, ranges) > qualityOf(other, ranges);
}

/** Parameters other than the quality make no difference here: neither type has versions. One with a bad quality is not wanted. */
function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
  return { type, quality: QUALITY.test(quality) ? Number(quality) : 0 };
}

/** The most specific range that fits decides. */
function qualityOf(type: string, ranges: MediaRange[]): number {
  for (const range of [type, `${type.split('/')[0]}/*`, '*/*']) {
    const fitting = ranges.filter((each) => each.type === range);
    if (fitting.length > 0) return Math.max(...fitting.map(({ quality }) => quality));
  }
  return 0;
}
