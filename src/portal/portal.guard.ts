import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { SellerTurns } from '../database/fair/seller-turns';
import { UnauthenticatedException } from '../http/errors';
import { NEEDS_PORTAL_TOKEN } from './portal-authenticated';
import { PortalSessionsService } from './portal-sessions.service';

/** All who visit the portal share turns, as one seller does: whose they are shows only when the session is found. */
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
    const token = bearerOf(request);
    request.portalSession = token ? await this.turns.run(VISITORS, () => this.sessions.find(token)) : undefined;
    if (!request.portalSession) throw new UnauthenticatedException('Portal session is not valid');
    return true;
  }
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}
