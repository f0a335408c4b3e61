import { MIMEType } from 'node:util';
import { BadRequestException, UnsupportedMediaTypeException } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';

/** The types of a request body: plain JSON, and RFC 7396's merge patch, which is read in the same way. */
export const JSON_TYPES = ['application/json', 'application/merge-patch+json'];

const BODILESS = new Set(['GET', 'HEAD', 'OPTIONS']);
const UTF_8 = new TextDecoder('utf-8', { fatal: true });

const MESSAGES = {
  empty: "Body cannot be empty when content-type is set to 'application/json'",
  invalid: "Body is not valid JSON but content-type is set to 'application/json'",
};

/** Makes a server read the two JSON types and refuse every other. */
export function readJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(JSON_TYPES, { parseAs: 'buffer' }, (request, body, done) => {
    try {
      requireUtf8(request);
      done(null, parse(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** Marks a handler that takes no body, where its method may have one: whatever is sent is ignored. */
export function IgnoresBody(): MethodDecorator {
  return RouteConfig({ ignoresBody: true });
}

/** Lets a handler take larger bodies than others, in bytes. */
export function MaxBody(bytes: number): MethodDecorator {
  return RouteConfig({ maxBodyBytes: bytes });
}

/** Makes a route keep what its handler says by `MaxBody`. */
export function applyMaxBody(route: RouteOptions): void {
  const { maxBodyBytes } = (route.config ?? {}) as { maxBodyBytes?: number };
  if (maxBodyBytes !== undefined) route.bodyLimit = maxBodyBytes;
}

/** Prepares for the body before any of it is read: there is none, or one that is not compressed. */
export function admitBody(request: FastifyRequest): void {
  const { ignoresBody } = (request.routeOptions.config ?? {}) as { ignoresBody?: boolean };
  if (ignoresBody || request.is404 || BODILESS.has(request.method)) forgetBody(request);
  else refuseContentEncoding(request);
}

/** Without these headers Fastify looks for no body. Node discards what it was after the answer. */
function forgetBody({ headers }: FastifyRequest): void {
  delete headers['content-type'];
  delete headers['content-length'];
  delete headers['transfer-encoding'];
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

function parse(body: Buffer): unknown {
  if (body.length === 0) throw new BadRequestException(MESSAGES.empty);
  try {
    return JSON.parse(UTF_8.decode(body));
  } catch {
    throw new BadRequestException(MESSAGES.invalid);
  }
}
