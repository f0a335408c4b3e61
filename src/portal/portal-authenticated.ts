import { applyDecorators, createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../api-keys/authenticated';
import { PORTAL_TOKEN } from '../http/openapi';
import type { PortalSession } from './portal-session.entity';

export const NEEDS_PORTAL_TOKEN = Symbol('needs portal token');

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the portal's guard. */
    portalSession?: PortalSession;
  }
}

/** Opens a route to holders of a portal token instead of an API key, and says so in the OpenAPI document. */
export function PortalAuthenticated(): MethodDecorator {
  return applyDecorators(Public(), SetMetadata(NEEDS_PORTAL_TOKEN, true), ApiSecurity(PORTAL_TOKEN));
}

/** The session, with its customer, to whom a handler's reads are confined. */
export const CurrentSession = createParamDecorator((_: unknown, context: ExecutionContext): PortalSession => {
  const { portalSession } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!portalSession) throw new Error('Only a route that needs a portal token has a session');
  return portalSession;
});
