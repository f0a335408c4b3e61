import { ForbiddenException } from '@nestjs/common';
import type { Caller } from '../http/caller';
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

/** @throws ForbiddenException that names the first scope, in the order of `SCOPES`, that is needed and the caller lacks. */
export function requireScopes({ scopes }: Caller, ...needed: Scope[]): void {
  const missing = SCOPES.find((scope) => needed.includes(scope) && !scopes.includes(scope));
  if (missing) throw new ForbiddenException(`API key does not have the ${missing} scope`);
}
