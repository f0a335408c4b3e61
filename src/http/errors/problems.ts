import { STATUS_CODES } from 'node:http';
import type { ErrorDetails } from './errors';

interface HeaderDocs {
  description: string;
  schema: { type: 'string' | 'integer' };
  example: string | number;
}

/** A kind of error: what the OpenAPI document and the page of its type say of it. */
export interface ProblemDocs {
  status: number;
  /** An example, as clients get it. */
  message: string;
  meaning: string;
  /** What the developer of a client should do. */
  advice: string;
  /** What else the problem document holds. */
  problem?: ErrorDetails['problem'];
  headers?: Record<string, HeaderDocs>;
}

const RETRY_AFTER = { description: 'Seconds to wait', schema: { type: 'integer' as const } };

/** Every type that a problem document can name, by the last part of its path, in the order of their status. */
export const PROBLEMS: Record<string, ProblemDocs> = {
  'bad-request': {
    status: 400,
    message: 'querystring must NOT have additional properties',
    meaning: 'The request breaks a rule. Nothing was changed.',
    advice:
      'Read the message: it names the place and the rule. The problem document lists every violation in `errors`, each ' +
      'with a pointer to the place, and the nearest known name where one is misspelt. Repeating the same request is of no use.',
    problem: {
      errors: [
        {
          pointer: '/querystring/unknown',
          code: 'additional_property',
          message: 'querystring must NOT have additional properties',
        },
      ],
    },
  },
  unauthorized: {
    status: 401,
    message: 'API key is required. Provide it via X-API-Key header or Authorization Bearer token.',
    meaning: 'There is no valid API key, or for the portal no valid token of a session.',
    advice:
      'Send the key as `X-API-Key` or as `Authorization: Bearer`, whole and without blanks. A key that has been revoked or ' +
      'has expired does not come back: ask who manages the keys for a new one. A portal session ends for good, too.',
    headers: {
      'WWW-Authenticate': { description: 'RFC 9110, 11.6.1', schema: { type: 'string' }, example: 'Bearer' },
    },
  },
  forbidden: {
    status: 403,
    message: 'API key does not have the customers:write scope',
    meaning:
      'The key is valid, but it may not do this; or the seller or the customer is not in a state that allows it.',
    advice: 'The message says which: use a key with the scope that it names, or have the limit or the status changed.',
  },
  'not-found': {
    status: 404,
    message: 'Customer not found',
    meaning: "There is no such thing. What belongs to another seller's account looks the same.",
    advice: 'Check the path and the id, and whether the key is one of the right seller (`GET /api/me`).',
  },
  'method-not-allowed': {
    status: 405,
    message: 'Method PUT is not allowed for /api/customers/{id}',
    meaning: 'The path exists, but not with this method.',
    advice: 'Use one of the methods that the `Allow` header lists.',
  },
  'request-timeout': {
    status: 408,
    message: 'Request took too long to arrive',
    meaning: 'The headers or the body arrived too slowly, and the connection was closed. Nothing was changed.',
    advice: 'Send the request again on a new connection.',
  },
  conflict: {
    status: 409,
    message: 'A request with this Idempotency-Key is still in progress',
    meaning: 'The request does not fit the present state: the message says of what.',
    advice:
      'While a request with the same Idempotency-Key is in progress, wait for a moment and repeat it. Otherwise change what ' +
      'the message names first: at a limit, for one, something has to go before anything is added.',
  },
  'email-conflict': {
    status: 409,
    message: 'A customer with this email already exists',
    meaning: 'Another customer of the seller has this email, in any letter case.',
    advice: 'Find the other one with `GET /api/customers?email=…`, then change that one, or send another email.',
    problem: { field: 'email' },
  },
  'precondition-failed': {
    status: 412,
    message: 'Customer has changed: current version is 7, changed since version 5: email, status',
    meaning: 'If-Match or If-None-Match does not hold for the current version. Nothing was changed.',
    advice:
      'Read the customer again, decide whether the change still makes sense, and send it with the new ETag. An If-Match ' +
      'has to hold a strong tag, such as `"7"`: neither `W/"7"` nor a 7 without quotes.',
  },
  'payload-too-large': {
    status: 413,
    message: 'Request body is too large',
    meaning: 'The body is larger than 64 KiB, or in a bulk than 1 MiB.',
    advice: 'Send less at once.',
  },
  'unsupported-media-type': {
    status: 415,
    message: 'Unsupported Media Type: text/plain',
    meaning: 'The body has another type, charset or encoding than JSON in UTF-8.',
    advice:
      'Send `Content-Type: application/json`, or for a PATCH also `application/merge-patch+json`, and do not compress the body.',
  },
  'expectation-failed': {
    status: 417,
    message: 'Expectation is not supported',
    meaning: 'The request has an `Expect` header other than `100-continue`.',
    advice: 'Leave the header out.',
  },
  'unprocessable-entity': {
    status: 422,
    message: 'Idempotency-Key was already used with a different request',
    meaning: 'The same key came with another body, query or If-Match within 24 hours. Nothing was changed.',
    advice: 'Make a new key for each new request, and repeat a request only as it was.',
  },
  'too-many-requests': {
    status: 429,
    message: 'Rate limit exceeded, retry in 12 seconds',
    meaning: 'The seller has made all the requests that it may make in this minute.',
    advice: 'Wait as long as `Retry-After` says. `RateLimit` on every answer tells how many are left.',
    headers: {
      'Retry-After': { ...RETRY_AFTER, example: 12 },
      RateLimit: {
        description: 'What is left, and for how many seconds',
        schema: { type: 'string' },
        example: '"default";r=0;t=12',
      },
      'RateLimit-Policy': {
        description: 'How many requests a seller may make in how many seconds',
        schema: { type: 'string' },
        example: '"default";q=6000;w=60',
      },
    },
  },
  'request-header-fields-too-large': {
    status: 431,
    message: 'Request header fields are too large',
    meaning: 'The URL and the headers exceed 16 KiB.',
    advice: 'Send fewer or shorter headers; look for cookies that grow.',
  },
  'internal-server-error': {
    status: 500,
    message: 'An unexpected error occurred',
    meaning: 'The service has failed in a way that nobody foresaw.',
    advice: 'Tell the operator the `X-Request-Id` of the answer. Repeat a change only with an Idempotency-Key.',
  },
  'service-unavailable': {
    status: 503,
    message: 'Service temporarily unavailable',
    meaning: 'The database is unreachable or the service is busy.',
    advice: 'Wait as long as `Retry-After` says and repeat the request, a change best with an Idempotency-Key.',
    headers: { 'Retry-After': { ...RETRY_AFTER, example: 1 } },
  },
};

export type ProblemType = `/problems/${string}`;

/** The type of the errors of a status, unless they name another: `about:blank` (RFC 9457) when the status has no page. */
export function typeOf(status: number): ProblemType | 'about:blank' {
  const name = inKebabCase(titleOf(status));
  return PROBLEMS[name] ? `/problems/${name}` : 'about:blank';
}

/** A type as clients see it: the path of its page, behind a proxy too. */
export function publicTypeOf(type: ProblemType | 'about:blank', publicPath: string): string {
  return type === 'about:blank' ? type : publicPath + type;
}

/** What is documented of an error, by its status or its name. */
export function docsOf(error: number | string): ProblemDocs {
  const docs = PROBLEMS[typeof error === 'number' ? inKebabCase(titleOf(error)) : error];
  if (!docs) throw new Error(`There is no documentation of the error ${error}`);
  return docs;
}

/** The two forms in which clients get an error. */
export function examplesOf(
  type: string,
  { status, message, problem }: Pick<ProblemDocs, 'status' | 'message' | 'problem'>,
) {
  const title = titleOf(status);
  const instance = '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f';
  return { plain: { error: title, message }, problem: { type, title, status, detail: message, instance, ...problem } };
}

export function titleOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}

function inKebabCase(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z]+/g, '-');
}
