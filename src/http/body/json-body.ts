import { MIMEType } from 'node:util';
import { PayloadTooLargeException, UnsupportedMediaTypeException } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The types of a request body: plain JSON, and RFC 7396's merge patch, which is read in the same way. */
export const JSON_TYPES = ['application/json', 'application/merge-patch+json'];

const BODILESS = new Set(['GET', 'HEAD', 'OPTIONS']);
const MAX_BODY_BYTES = 64 * 1024;

declare module 'fastify' {
  interface FastifyContextConfig {
    ignoresBody?: boolean;
    hasOptionalBody?: boolean;
    maxBodyBytes?: number;
  }

  interface FastifyRequest {
    /** Whether there is a body that the route takes, and that is to be read. */
    hasJson: boolean;
  }
}

/**
 * Makes a server take the two JSON types and refuse every other, and bodies whose declared length is too large. The body stays
 * unread until the request's key is known to be good (`RequestInterceptor`).
 */
export function admitJsonBodies(server: FastifyInstance): void {
  server.decorateRequest('hasJson', false);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(JSON_TYPES, (request, _, done) => {
    try {
      requireUtf8(request);
      requireLength(request);
      request.hasJson = true;
      done(null);
    } catch (error) {
      done(error as Error);
    }
  });
}

/** Marks a handler that takes no body, where its method may have one: whatever is sent is ignored. */
export function IgnoresBody(): MethodDecorator {
  return RouteConfig({ ignoresBody: true });
}

/** Marks a handler whose body may be left out, which is the same as sending `{}`. */
export function OptionalBody(): MethodDecorator {
  return RouteConfig({ hasOptionalBody: true });
}

/** Lets a handler take larger bodies than others, in bytes. */
export function MaxBody(bytes: number): MethodDecorator {
  return RouteConfig({ maxBodyBytes: bytes });
}

/** How long a body of this request may be. */
export function maxBodyOf({ routeOptions }: FastifyRequest): number {
  return routeOptions.config.maxBodyBytes ?? MAX_BODY_BYTES;
}

/** Decides by the headers, before any of the body is read, whether to ignore it, and refuses a compressed one. */
export function admitBody(request: FastifyRequest): void {
  const { ignoresBody, hasOptionalBody } = request.routeOptions.config;
  if (ignoresBody || request.is404 || BODILESS.has(request.method)) return forgetBody(request);
  if (!hasOptionalBody || !isEmpty(request)) return refuseContentEncoding(request);
  // Many clients send a content type with everything.
  forgetBody(request);
  request.body = {};
}

/** Without these headers Fastify looks for no body. */
function forgetBody({ headers }: FastifyRequest): void {
  delete headers['content-type'];
  delete headers['content-length'];
  delete headers['transfer-encoding'];
}

function isEmpty({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}

function refuseContentEncoding(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (!encoding || encoding.toLowerCase() === 'identity') return;
  throw new UnsupportedMediaTypeException(`Unsupported Content-Encoding: ${encoding}`);
}

function requireUtf8(request: FastifyRequest): void {
  const type = request.headers['content-type'] ?? '';
  if (!type.includes(';')) return;
  const charset = new MIMEType(type).params.get('charset')?.toLowerCase();
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return;
  throw new UnsupportedMediaTypeException(`Unsupported Media Type: ${type}`);
}

/** Checks the declared length. A body without one is counted while it arrives. */
function requireLength(request: FastifyRequest): void {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBodyOf(request)) throw new PayloadTooLargeException('Request body is too large');
}
