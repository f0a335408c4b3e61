import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  Query,
  type Type,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { finalize, type Observable } from 'rxjs';
import { BodyBudget, type BodyReservation } from './body/body-budget';
import { MAX_VALUES, parseJson, readBody } from './body/read-body';
import { countValues } from './body/skim-json';
import { UNKNOWN_SELLER } from './caller';
import { pauseClockDuring } from './adapter/deadline';
import { ValidationException, violationAt } from './errors/errors';
import { EventLoopTurns, workOf } from './event-loop-turns';
import { maxBodyOf } from './body/json-body';
import { checkWriteHeaders } from './write-headers';
import { namesOfFields, RequestDto } from './validation/fields';
import { isUuid } from './validation/formats';
import { validateQuery } from './validation/validate';

/** By handler. */
const queryTypes = new WeakMap<object, Type<object>>();

@RequestDto()
class NoQuery {}

/** A handler's parameter that receives the query as an instance of a DTO class. A route without one takes no query. */
export function ValidatedQuery(type: Type<object>): ParameterDecorator {
  return (target, method, index) => {
    Query()(target, method, index);
    queryTypes.set(target[method as keyof typeof target], type);
  };
}

/**
 * Checks the path, the query and some headers of a request, in this order, and then reads its body. An interceptor, because
 * Nest runs it after the guards, so that nothing is read or parsed for a request without a good key, and before the
 * pipes, which turn the body into a DTO.
 */
@Injectable()
export class RequestInterceptor implements NestInterceptor {
  private readonly knownNames = namesOfFields();

  constructor(
    private readonly budget: BodyBudget,
    private readonly turns: EventLoopTurns,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    checkHead(context.getHandler(), request);
    if (!request.hasJson) return next.handle();
    const reservation = this.budget.reserve(request.caller?.seller_id ?? UNKNOWN_SELLER);
    try {
      request.body = await this.readJson(request, http.getResponse<FastifyReply>(), reservation);
      // Held until the work is done, which may be after the client has left or has got its 503.
      return next.handle().pipe(finalize(() => reservation.release()));
    } catch (error) {
      reservation.release();
      throw error;
    }
  }

  private async readJson(request: FastifyRequest, reply: FastifyReply, reservation: BodyReservation): Promise<unknown> {
    const bytes = await pauseClockDuring(request, readBody(request, reply, maxBodyOf(request), reservation));
    if (bytes.length === 0 && request.routeOptions.config.hasOptionalBody) return {};
    await this.turns.wait(request.caller?.seller_id ?? UNKNOWN_SELLER, workOf(bytes.length));
    const valueCount = countValues(bytes);
    reservation.resize(bytes.length, Math.min(valueCount, MAX_VALUES));
    return parseJson(bytes, valueCount, this.knownNames);
  }
}

function checkHead(handler: object, request: FastifyRequest): void {
  for (const [name, value] of Object.entries(request.params as Record<string, string>)) requireUuid(name, value);
  request.query = readQuery(queryTypes.get(handler), request.query as object);
  checkWriteHeaders(handler, request);
}

function readQuery(type: Type<object> = NoQuery, query: object): object {
  if (type === NoQuery && Object.keys(query).length === 0) return query;
  return validateQuery(type, query);
}

/** Every parameter of every path is an id. */
function requireUuid(name: string, value: string): void {
  if (isUuid(value)) return;
  throw new ValidationException([violationAt(['params', name], 'format', 'must match format "uuid"')]);
}
