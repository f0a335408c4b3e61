import { BadRequestException, HttpException, HttpStatus, UnauthorizedException } from '@nestjs/common';
import type { ProblemType } from './problems';

/** One broken rule of an input. */
export interface Violation {
  /** RFC 6901 pointer to the member, from the root of the body. */
  pointer: string;
  /** A stable name of the rule, such as `max_length`. */
  code: string;
  /** The contract's sentence, such as `body/first_name must be string`. */
  message: string;
  limit?: number;
  allowed?: readonly (string | null)[];
  /** The known member nearest to a misspelt one. */
  suggestion?: string;
}

/** The place of a value in a request: the part of the request, such as `body`, and the names of members below it. */
export type JsonPath = readonly string[];

/** RFC 6901 pointer, which starts at the body, or else names the part of the request. */
function pointerTo(path: JsonPath): string {
  const names = path[0] === 'body' ? path.slice(1) : path;
  return names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A broken rule of the value at a place: the message names it. The pointer may lead to a member of that value. */
export function violationAt(path: JsonPath, code: string, sentence: string, member = path): Violation {
  return { pointer: pointerTo(member), code, message: `${path.join('/')} ${sentence}` };
}

/** What an exception may add to its answer, beside the status and the message. */
export interface ErrorDetails {
  headers?: Record<string, string>;
  /** Members of the RFC 9457 document that go beyond the general ones. */
  problem?: { type?: ProblemType; field?: string; errors?: readonly Violation[]; errors_omitted?: number };
}

/** 400 for input that breaks the rules of a DTO; the plain answer names the first violation, the problem document all. */
export class ValidationException extends BadRequestException implements ErrorDetails {
  readonly problem;

  /** `omitted`: how many more there are. */
  constructor(violations: readonly Violation[], omitted = 0) {
    super(violations[0]?.message);
    this.problem = { errors: violations, ...(omitted > 0 && { errors_omitted: omitted }) };
  }
}

/** 400 after which the connection can't be trusted: it is unknown where the next request starts. */
export class MalformedRequestException extends BadRequestException implements ErrorDetails {
  readonly headers = { connection: 'close' };

  constructor() {
    super('Malformed HTTP request');
  }
}

/** 405 with the Allow header that RFC 9110, section 15.5.6, asks for. */
export class MethodNotAllowedException extends HttpException implements ErrorDetails {
  readonly headers;

  constructor(method: string, path: string, allowed: string[]) {
    super(`Method ${method} is not allowed for ${path}`, HttpStatus.METHOD_NOT_ALLOWED);
    this.headers = { allow: allowed.join(', ') };
  }
}

/** 401 with the challenge that RFC 9110, section 15.5.2, asks for. */
export class UnauthenticatedException extends UnauthorizedException implements ErrorDetails {
  readonly headers = { 'www-authenticate': 'Bearer' };
}
