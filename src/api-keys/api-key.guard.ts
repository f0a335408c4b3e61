import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bearerTokenOf, UNKNOWN_SELLER } from '../http/caller';
import { UnauthenticatedException } from '../http/errors/errors';
import { EventLoopTurns } from '../http/event-loop-turns';
import { isUuid } from '../http/validation/formats';
import { AUTH_REQUIREMENT, type AuthRequirement, preloadedTableOf } from './authenticated';
import { isKey } from './secret-format';
import { KeyLookup, type KnownKey, type WantedRow } from './key-lookup';
import { MESSAGES, requireScopes } from './api-keys.errors';
import { RateLimit } from './rate-limit';

/** Lets a request through when its key is valid and has the scope that the route needs. Guards every route. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly lookup: KeyLookup,
    private readonly rateLimit: RateLimit,
    private readonly turns: EventLoopTurns,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const needs = this.requirementOf(context);
    if (needs === 'nothing') return true;
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const key = await this.authenticate(request, rowOf(context.getHandler(), request));
    request.caller = key;
    this.lookup.noteUse(key);
    await this.rateLimit.admit(request, http.getResponse<FastifyReply>());
    if (needs !== 'key') requireScopes(key, needs);
    return true;
  }

  private requirementOf(context: ExecutionContext): AuthRequirement {
    const needs = this.reflector.getAllAndOverride<AuthRequirement>(AUTH_REQUIREMENT, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (needs) return needs;
    throw new Error(`${context.getClass().name}.${context.getHandler().name} does not say whom it serves`);
  }

  private async authenticate(request: FastifyRequest, row?: WantedRow): Promise<KnownKey> {
    const secret = secretOf(request.headers);
    if (!secret) throw new UnauthenticatedException(MESSAGES.missing);
    const found = isKey(secret) ? await this.lookup.find(secret, row) : undefined;
    const key = found?.key;
    await this.turns.wait(key?.seller_id ?? UNKNOWN_SELLER);
    if (!key) throw new UnauthenticatedException(MESSAGES.invalid);
    if (key.is_revoked) throw new UnauthenticatedException(MESSAGES.revoked);
    if (key.is_expired) throw new UnauthenticatedException(MESSAGES.expired);
    request.preloadedRow = found?.row;
    return key;
  }
}

/** The row that is to be read with the key, if the route asks for one and the path has its id. */
function rowOf(handler: object, { params }: FastifyRequest): WantedRow | undefined {
  const source = preloadedTableOf(handler);
  const { id } = params as { id?: string };
  return source && id !== undefined && isUuid(id) ? { source, id } : undefined;
}

/** The key that a request presents. X-API-Key counts when both headers are sent. */
function secretOf(headers: FastifyRequest['headers']): string | undefined {
  const own = headers['x-api-key'];
  return own ? String(own) : bearerTokenOf(headers);
}
