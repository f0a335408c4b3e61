import { type CanActivate, type ExecutionContext, Injectable, Query, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import type { FastifyRequest } from 'fastify';
import { ValidationException } from './errors';
import { requireSafeHeaders } from './safe-change';
import { isUuid } from './validation/uuid';
import { QUERY, validate } from './validation/validate';

const QUERY_TYPE = Symbol('query type');

class NoQuery {}

/** A handler's parameter that receives the query as an instance of a DTO class. A route without one takes no query. */
export function QueryOf(type: Type<object>): ParameterDecorator {
  return (target, method, index) => {
    Query()(target, method, index);
    const handler = target[method as keyof typeof target];
    Reflect.defineMetadata(QUERY_TYPE, type, handler);
  };
}

/**
 * Checks the path, the query and some headers of a request, in this order, after its key and before its body. A guard and no pipe, because Nest runs
 * the pipes of all of a handler's parameters at once, and because a query is refused also where no handler asks for it.
 */
@Injectable()
export class RequestHeadGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    for (const [name, value] of Object.entries(request.params as Record<string, string>)) requireUuid(name, value);
    request.query = readQuery(Reflect.getMetadata(QUERY_TYPE, context.getHandler()), request.query as object);
    requireSafeHeaders(context.getHandler(), request);
    return true;
  }
}

function readQuery(type: Type<object> = NoQuery, query: object): object {
  if (type === NoQuery && Object.keys(query).length === 0) return query;
  return plainToInstance(type, validate(type, query, QUERY));
}

/** Every parameter of every path is an id. */
function requireUuid(name: string, value: string): void {
  if (isUuid(value)) return;
  const message = `params/${name} must match format "uuid"`;
  throw new ValidationException([{ pointer: `/params/${name}`, code: 'format', message }]);
}
