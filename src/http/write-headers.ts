import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ValidationException, violationAt } from './errors/errors';
import { parseIdempotencyKey } from './idempotency';

/** By handler. Reflect's metadata would be looked up anew for each request. */
const optionsOf = new WeakMap<object, WriteHeadersOptions>();
const NONE: WriteHeadersOptions = {};

/** Which headers a route that changes something takes (contract, "Safe changes"). */
interface WriteHeadersOptions {
  idempotencyKey?: boolean;
  /** If-Match and If-None-Match. A bulk update changes several versions, so it refuses these headers. */
  preconditions?: 'honoured' | 'refused';
}

/** Makes a route take the headers for safe changes, and documents them. */
export function WriteHeaders(options: WriteHeadersOptions): MethodDecorator {
  const headers = [
    ...(options.idempotencyKey ? [ApiHeader(IDEMPOTENCY_KEY)] : []),
    ...(options.preconditions === 'honoured' ? [ApiHeader(IF_MATCH), ApiHeader(IF_NONE_MATCH)] : []),
  ];
  const remember: MethodDecorator = (_target, _name, { value }) => void optionsOf.set(value as object, options);
  return applyDecorators(remember, ...headers);
}

export function writeHeadersOf(handler: object): WriteHeadersOptions {
  return optionsOf.get(handler) ?? NONE;
}

/** @throws ValidationException for a header that the route takes and that is malformed, or that it refuses. */
export function checkWriteHeaders(handler: object, { headers }: FastifyRequest): void {
  const { idempotencyKey, preconditions } = writeHeadersOf(handler);
  const key = headers['idempotency-key'];
  if (idempotencyKey && key !== undefined && parseIdempotencyKey(String(key)) === undefined) {
    throw refusal('idempotency-key', 'pattern', 'must match pattern "^[ -~]{1,255}$"');
  }
  if (preconditions !== 'refused') return;
  for (const name of ['if-match', 'if-none-match']) {
    if (headers[name] !== undefined) throw refusal(name, 'not_allowed', 'must NOT be sent with a bulk update');
  }
}

function refusal(header: string, code: string, sentence: string): ValidationException {
  return new ValidationException([violationAt(['headers', header], code, sentence)]);
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  required: false,
  description:
    'Makes a retry harmless: for 24 hours the same request with the same key gets the first answer again, with ' +
    '`Idempotent-Replayed: true`. Bare or as a quoted string.',
  schema: { type: 'string' as const, minLength: 1, maxLength: 512, pattern: '^[ -~]*$' },
  example: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f',
};

const IF_MATCH = {
  name: 'If-Match',
  required: false,
  description: 'ETags of versions such as `"7"`, one of which has to be the current one, or `*`; otherwise 412',
  schema: { type: 'string' as const },
  example: '"7"',
};

const IF_NONE_MATCH = {
  name: 'If-None-Match',
  required: false,
  description: 'ETags of versions, none of which may be the current one; 412 when one is. `*` is every version',
  schema: { type: 'string' as const },
  example: '"7"',
};
