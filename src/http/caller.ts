import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Who makes a request: an API key and the seller whose data it opens. Set by the guard. */
export interface Caller {
  key_id: string;
  key_name: string;
  seller_id: string;
  scopes: readonly string[];
}

/** Requests whose seller is not known share turns and queues as if they were one seller's. */
export const UNKNOWN_SELLER = '';

declare module 'fastify' {
  interface FastifyRequest {
    caller?: Caller;
  }
}

/** @throws Error on a public route. */
export function callerOf({ caller }: FastifyRequest): Caller {
  if (!caller) throw new Error('A public route has no caller');
  return caller;
}

/** The key that makes a request, for handlers that have to know more of it than its seller. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext) =>
  callerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** The seller to whom a handler's reads and writes are confined. */
export const SellerId = createParamDecorator(
  (_: unknown, context: ExecutionContext) => callerOf(context.switchToHttp().getRequest<FastifyRequest>()).seller_id,
);

/** The token of an `Authorization: Bearer` header; the scheme is in any letter case. */
export function bearerTokenOf({ authorization = '' }: FastifyRequest['headers']): string | undefined {
  return /^bearer +(\S.*)$/i.exec(authorization)?.[1];
}

/** Who makes a change: a key, as it was named then, or the command line. */
type Actor = { type: 'api_key'; id: string; name: string } | { type: 'cli' };

/** Where a change comes from, for the history. */
export interface Origin {
  actor: Actor;
  /** X-Request-Id of the answer. */
  requestId?: string;
}

export const COMMAND_LINE: Origin = { actor: { type: 'cli' } };
