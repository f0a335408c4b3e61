import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { SellerTurns } from '../database/fair/fair-turns';
import { UNKNOWN_SELLER } from './caller';
import { isTooLate } from './adapter/deadline';

/** Carries requests out in the turns of their sellers. The body has been read by then, so that no turn waits for a client. */
@Injectable()
class TurnInterceptor implements NestInterceptor {
  constructor(private readonly turns: SellerTurns) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const handle = () => lastValueFrom(next.handle(), { defaultValue: undefined });
    return from(this.turns.run(request.caller?.seller_id ?? UNKNOWN_SELLER, handle, () => isTooLate(request)));
  }
}

/** Marks routes whose handlers take a connection to the database only for their request. */
export function TakesTurn(): ClassDecorator & MethodDecorator {
  return applyDecorators(UseInterceptors(TurnInterceptor));
}
