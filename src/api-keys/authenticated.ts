import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Caller, Scope } from '../http/caller';
import { BEARER, KEY_HEADER } from '../http/openapi/openapi';

export const AUTH_REQUIREMENT = Symbol('auth requirement');

/** What a route asks of its caller: nothing, any valid key, or a key with a scope. */
export type AuthRequirement = 'nothing' | 'key' | Scope;

/**
 * Opens a route to holders of a key (with a scope, if one is named), and says so in the OpenAPI document: the scope as an
 * extension, since linters know scopes of OAuth 2 alone.
 */
export function Authenticated(needs: Exclude<AuthRequirement, 'nothing'> = 'key'): MethodDecorator & ClassDecorator {
  const decorators = [SetMetadata(AUTH_REQUIREMENT, needs), ApiSecurity(KEY_HEADER), ApiSecurity(BEARER)];
  return applyDecorators(...decorators, ...(needs === 'key' ? [] : [ApiExtension('x-required-scope', needs)]));
}

/** Opens a route to everybody. Without this or `Authenticated`, the guard lets nobody in. */
export function Public(): MethodDecorator & ClassDecorator {
  return SetMetadata(AUTH_REQUIREMENT, 'nothing' satisfies AuthRequirement);
}

/** The key that makes a request, for handlers that have to know more of it than its seller. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!caller) throw new Error('A public route has no caller');
  return caller;
});
