import { ForbiddenException } from '@nestjs/common';
import { type Caller, type Scope, SCOPES } from '../http/caller';

/** @throws ForbiddenException that names the first scope, in the order of `SCOPES`, that is needed and the caller lacks. */
export function requireScopes({ scopes }: Caller, ...needed: Scope[]): void {
  const missing = SCOPES.find((scope) => needed.includes(scope) && !scopes.includes(scope));
  if (missing) throw new ForbiddenException(`API key does not have the ${missing} scope`);
}
