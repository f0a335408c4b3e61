import { ForbiddenException } from '@nestjs/common';
import type { Caller } from '../http/caller';
import { docsOf } from '../http/errors/problems';
import { type Scope, SCOPES } from './scopes';

/** What the contract says of keys ("Authentication", "Errors"). */
export const MESSAGES = {
  missing: docsOf(401).message,
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
