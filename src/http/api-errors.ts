import { STATUS_CODES } from 'node:http';
import { applyDecorators } from '@nestjs/common';
import { ApiResponse, getSchemaPath } from '@nestjs/swagger';
import type { Scope } from './caller';
import { ErrorDto, ProblemDto } from './error.dto';

interface ErrorDocs {
  message: string;
  description: string;
  /** The last part of the problem document's type; the status says it unless told otherwise. */
  type?: string;
  /** What else the problem document holds. */
  problem?: Partial<ProblemDto>;
  headers?: Record<string, { description: string; schema: { type: 'string' | 'integer' }; example: string | number }>;
}

const ERRORS: Record<number, ErrorDocs> = {
  400: broken('querystring', 'additional_property', 'must NOT have additional properties', '/querystring/unknown'),
  401: {
    description: 'No valid API key',
    message: 'API key is required. Provide it via X-API-Key header or Authorization Bearer token.',
    headers: {
      'WWW-Authenticate': { description: 'RFC 9110, 11.6.1', schema: { type: 'string' }, example: 'Bearer' },
    },
  },
  404: { description: "Unknown, or another seller's", message: 'Customer not found' },
  408: { description: 'The request arrived too slowly', message: 'Request took too long to arrive' },
  409: {
    description: 'The email is taken',
    message: 'A customer with this email already exists',
    type: 'email-conflict',
    problem: { field: 'email' },
  },
  412: {
    description: 'No version in If-Match is the current one',
    message: 'Customer has changed: current version is 7, changed since version 5: email, status',
  },
  413: { description: 'The body is larger than 64 KiB', message: 'Request body is too large' },
  415: {
    description: 'The body has another type, charset or encoding',
    message: 'Unsupported Media Type: text/plain',
    headers: {
      'Accept-Patch': {
        description: 'RFC 5789, 3.1',
        schema: { type: 'string' },
        example: 'application/json, application/merge-patch+json',
      },
    },
  },
  417: { description: 'An Expect other than 100-continue', message: 'Expectation is not supported' },
  422: {
    description: 'The Idempotency-Key came with another request before',
    message: 'Idempotency-Key was already used with a different request',
  },
  431: { description: 'URL and headers exceed 16 KiB', message: 'Request header fields are too large' },
  500: { description: 'Unexpected server error', message: 'An unexpected error occurred' },
  503: {
    description: 'The database is unreachable or busy; the request may be repeated',
    message: 'Service temporarily unavailable',
    headers: { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' }, example: 1 } },
  },
};

/** Errors that any request can meet. */
const GENERAL = [400, 408, 417, 431, 500, 503];

/** An error that means something else on a route than on most others. */
export type OwnError = { status: number } & Partial<Omit<ErrorDocs, 'headers'>>;

/** The 400 of a route that takes a body, with a typical violation as its example. */
export function invalidBody(code: string, message: string, pointer = ''): OwnError {
  // The message of a missing or unknown member is about the object that should hold it, or should not.
  const isOfMember = !['required', 'additional_property'].includes(code);
  return { status: 400, ...broken(`body${isOfMember ? pointer : ''}`, code, message, pointer) };
}

/** The 403 of a route that needs a scope, and perhaps something else as well. */
export function missingScope(scope: Scope, or = ''): OwnError {
  const description = `The key lacks the scope ${scope}${or}`;
  return { status: 403, description, message: `API key does not have the ${scope} scope` };
}

function broken(part: string, code: string, rule: string, pointer: string): ErrorDocs {
  const message = `${part} ${rule}`;
  return { description: 'The request breaks a rule', message, problem: { errors: [{ pointer, code, message }] } };
}

/** Documents the errors of a route: the general ones and those named, each in both forms. */
export function ApiErrors(...errors: (number | OwnError)[]): MethodDecorator & ClassDecorator {
  const all = [...GENERAL, ...errors].map((error) => (typeof error === 'number' ? { status: error } : error));
  const last = new Map(all.map((error) => [error.status, error]));
  return applyDecorators(...[...last.values()].sort((a, b) => a.status - b.status).map(errorResponse));
}

function errorResponse({ status, ...own }: { status: number } & Partial<ErrorDocs>): MethodDecorator & ClassDecorator {
  const docs: Partial<ErrorDocs> = { ...ERRORS[status], ...own };
  const { message, description, type, headers } = docs;
  const title = STATUS_CODES[status];
  if (!message || !title) throw new Error(`There is no documentation of the error ${status}`);
  const plain = { error: title, message };
  const instance = '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f';
  const problem = {
    type: `/problems/${type ?? inKebabCase(title)}`,
    title,
    status,
    detail: message,
    instance,
    ...docs.problem,
  };
  return ApiResponse({
    status,
    description,
    headers,
    content: {
      'application/json': { schema: { $ref: getSchemaPath(ErrorDto) }, example: plain },
      'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) }, example: problem },
    },
  });
}

function inKebabCase(title: string): string {
  return title.toLowerCase().replaceAll(' ', '-');
}

/** A header of answers that hold a secret, for their documentation. */
export const NO_STORE = {
  'Cache-Control': {
    description: 'Nothing on the way may keep the answer',
    schema: { type: 'string' as const },
    example: 'no-store',
  },
};
