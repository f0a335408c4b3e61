import {
  applyDecorators,
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiSecurity } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Public } from '../api-keys/authenticated';
import { SellerTurns } from '../database/fair/fair-turns';
import { bearerTokenOf } from '../http/caller';
import { UnauthenticatedException } from '../http/errors/errors';
import type { PortalSession } from './portal-session.entity';
import { PortalSessionsService } from './portal-sessions.service';

const PORTAL_TOKEN = 'PortalToken';

/** The way to send the token of a session, for the OpenAPI document. */
export const PORTAL_SCHEMES = {
  [PORTAL_TOKEN]: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'ps_live_…',
    description: 'The token of a portal session',
  },
} as const;

const NEEDS_PORTAL_TOKEN = Symbol('needs portal token');

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

/** All portal visitors share turns, as one seller does: whose they are is known only when the session is found. */
const VISITORS = 'portal';

/**
 * Lets a request through to a route of the portal when its bearer token is that of a session. A global guard, as that
 * of the keys is, because it has to come before the check of the query: 401 goes before 400 (contract, "Errors").
 */
@Injectable()
export class PortalGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: PortalSessionsService,
    private readonly turns: SellerTurns,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!this.reflector.get<boolean>(NEEDS_PORTAL_TOKEN, context.getHandler())) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const token = bearerTokenOf(request.headers);
    request.portalSession = token ? await this.turns.run(VISITORS, () => this.sessions.find(token)) : undefined;
    if (!request.portalSession) throw new UnauthenticatedException('Portal session is not valid');
    return true;
  }
}
