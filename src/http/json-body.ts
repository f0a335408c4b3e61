import { MIMEType } from 'node:util';
import { BadRequestException, UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The types of a request body: plain JSON, and RFC 7396's merge patch, which is read in the same way. */
export const JSON_TYPES = ['application/json', 'application/merge-patch+json'];

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

/** Refuses a compressed body before any of it is read. */
export function refuseContentEncoding(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return;
  throw new UnsupportedMediaTypeException(`Unsupported Content-Encoding: ${encoding}`);
}

function requireUtf8(request: FastifyRequest): void {
  const type = request.headers['content-type'] ?? '';
  const charset = new MIMEType(type).params.get('charset')?.toLowerCase();
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return;
  throw new UnsupportedMediaTypeException(`Unsupported Media Type: ${type}`);
}

function parse(body: Buffer): unknown {
  if (body.length === 0) throw new BadRequestException(MESSAGES.empty);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new BadRequestException(MESSAGES.invalid);
  }
}
