import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { digestOfSkimmed } from './body/skim-json';

const KEY = /^[ -~]{1,255}$/;
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/** A request that a client may send again without it taking effect again (contract, "Safe changes"). */
export interface IdempotentRequest {
  key: string;
  method: string;
  /** Without the query, and with ids in lower case: any case of an id means the same. */
  path: string;
  /** SHA-256 of what makes it the same request. */
  fingerprint: Buffer;
}

/**
 * Reads an Idempotency-Key header: a bare key, or a string as RFC 9651, section 3.3.3, quotes it.
 * @returns undefined when it is neither.
 */
export function parseIdempotencyKey(header: string): string | undefined {
  const quoted = QUOTED.exec(header)?.[1];
  const key = quoted === undefined ? header : quoted.replace(/\\(.)/g, '$1');
  return KEY.test(key) ? key : undefined;
}

/** Reads the Idempotency-Key of a request, which has been checked; undefined when it has none. */
export function idempotentRequestOf(request: FastifyRequest): IdempotentRequest | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  const key = parseIdempotencyKey(String(header)) as string;
  const path = Object.entries(request.params as Record<string, string>).reduce(
    (template, [name, value]) => template.replace(`:${name}`, value.toLowerCase()),
    String(request.routeOptions.url),
  );
  return { key, method: request.method, path, fingerprint: fingerprintOf(key, request) };
}

/** Ignores white space, member order and false parameters. It hashes the key too, so a short body can't be guessed. */
function fingerprintOf(key: string, { body, query, headers }: FastifyRequest): Buffer {
  const parameters = Object.entries(query as object).filter(([, value]) => value !== false);
  return hashJson([key, digestOfSkimmed(body) ?? body, Object.fromEntries(parameters), headers['if-match'] ?? null]);
}

/** Text that goes into the hash as it is. */
class Token {
  constructor(readonly text: string) {}
}

/**
 * SHA-256 of a JSON value in which the order of members makes no difference. Without recursion, as a body may be nested
 * so deep that every recursive library overflows the stack.
 */
export function hashJson(value: unknown): Buffer {
  const hash = createHash('sha256');
  const stack: unknown[] = [value];
  while (stack.length > 0) {
    const item = stack.pop();
    if (item instanceof Token) hash.update(item.text);
    else if (typeof item !== 'object' || item === null) hash.update(JSON.stringify(item) ?? 'null');
    else for (const part of partsOf(item).reverse()) stack.push(part);
  }
  return hash.digest();
}

function partsOf(container: object): unknown[] {
  if (Array.isArray(container)) return [new Token('['), ...container.flatMap((item) => [item, COMMA]), new Token(']')];
  const members = Object.entries(container).sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    new Token('{'),
    ...members.flatMap(([name, value]) => [new Token(`${JSON.stringify(name)}:`), value, COMMA]),
    new Token('}'),
  ];
}

const COMMA = new Token(',');
