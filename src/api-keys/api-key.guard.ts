import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Scope } from '../http/caller';
import { UnauthenticatedException } from '../http/errors';
import { NEEDS, type Needs } from './authenticated';
import { isKey } from './key-format';
import { KeyLookup, type KnownKey } from './key-lookup';

const MESSAGES = {
  missing: 'API key is required. Provide it via X-API-Key header or Authorization Bearer token.',
  invalid: 'Invalid API key',
  revoked: 'API key has been revoked',
  expired: 'API key has expired',
};

/** Lets a request through when its key is valid and has the scope that the route needs. Guards every route. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly lookup: KeyLookup,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const needs = this.needsOf(context);
    if (needs === 'nothing') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = await this.authenticate(request);
    request.caller = key;
    this.lookup.noteUse(key);
    if (needs !== 'key') requireScope(key, needs);
    return true;
  }

  private needsOf(context: ExecutionContext): Needs {
    const needs = this.reflector.getAllAndOverride<Needs>(NEEDS, [context.getHandler(), context.getClass()]);
    if (needs) return needs;
    throw new Error(`${context.getClass().name}.${context.getHandler().name} does not say whom it serves`);
  }

  private async authenticate({ headers }: FastifyRequest): Promise<KnownKey> {
    const secret = secretOf(headers);
    if (!secret) throw new UnauthenticatedException(MESSAGES.missing);
    const key = isKey(secret) ? await this.lookup.find(secret) : undefined;
    if (!key) throw new UnauthenticatedException(MESSAGES.invalid);
    if (key.is_revoked) throw new UnauthenticatedException(MESSAGES.revoked);
    if (key.is_expired) throw new UnauthenticatedException(MESSAGES.expired);
    return key;
  }
}

/** The key that a request presents. X-API-Key counts when both headers are sent. */
function secretOf(headers: FastifyRequest['headers']): string | undefined {
  const own = headers['x-api-key'];
  return own ? String(own) : /^bearer +(\S.*)$/i.exec(headers.authorization ?? '')?.[1];
}

function requireScope(key: KnownKey, scope: Scope): void {
  if (!key.scopes.includes(scope)) throw new ForbiddenException(`API key does not have the ${scope} scope`);
}
