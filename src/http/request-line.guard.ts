import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ValidationException } from './errors';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Checks the path and the query of a request, after its key and before its body. A guard and no pipe, because Nest runs
 * the pipes of all of a handler's parameters at once, and because a query is refused also where no handler asks for it.
 */
@Injectable()
export class RequestLineGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { params, query } = context.switchToHttp().getRequest<FastifyRequest>();
    for (const [name, value] of Object.entries(params as Record<string, string>)) requireUuid(name, value);
    refuseMembers(query as object);
    return true;
  }
}

/** Every parameter of every path is an id. */
function requireUuid(name: string, value: string): void {
  if (UUID.test(value)) return;
  const message = `params/${name} must match format "uuid"`;
  throw new ValidationException([{ pointer: `/params/${name}`, code: 'format', message }]);
}

function refuseMembers(query: object): void {
  const violations = Object.keys(query).map((name) => ({
    pointer: `/querystring/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    code: 'additional_property',
    message: 'querystring must NOT have additional properties',
  }));
  if (violations.length > 0) throw new ValidationException(violations);
}
