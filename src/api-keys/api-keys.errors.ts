import { ForbiddenException } from '@nestjs/common';
import type { Caller } from '../http/caller';
import { defineProblems, RETRY_AFTER } from '../http/errors/problems';
import { type Scope, SCOPES } from './scopes';

/** What the contract says of keys ("Authentication", "Errors"). */
export const MESSAGES = {
  missing: 'API key is required. Provide it via X-API-Key header or Authorization Bearer token.',
  invalid: 'Invalid API key',
  revoked: 'API key has been revoked',
  expired: 'API key has expired',
  unknownId: 'API key not found',
  limitReached: 'API key limit reached',
};

export function missingScopeMessage(scope: Scope): string {
  return `API key does not have the ${scope} scope`;
}

/** @throws ForbiddenException that names the first scope, in the order of `SCOPES`, that is needed and the caller lacks. */
export function requireScopes({ scopes }: Caller, ...needed: Scope[]): void {
  const missing = SCOPES.find((scope) => needed.includes(scope) && !scopes.includes(scope));
  if (missing) throw new ForbiddenException(missingScopeMessage(missing));
}

defineProblems({
  unauthorized: {
    status: 401,
    message: MESSAGES.missing,
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
    message: missingScopeMessage('customers:write'),
    meaning:
      'The key is valid, but it may not do this; or the seller or the customer is not in a state that allows it.',
    advice: 'The message says which: use a key with the scope that it names, or have the limit or the status changed.',
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
});
