import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { claimOf } from '../http/idempotency';
import { parseIfMatch } from '../http/preconditions';
import { safetyOf } from '../http/safe-change';
import type { WriteOptions } from './writer/change';

/** Who asks for a change, and how it is to be made: what the headers and the query of the request say. */
export const HowToWrite = createParamDecorator((_: unknown, context: ExecutionContext): WriteOptions => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const { caller, headers, raw } = request;
  if (!caller) throw new Error('A public route has no caller');
  const { idempotencyKey, ifMatch } = safetyOf(context.getHandler());
  return {
    origin: { actor: { type: 'api_key', id: caller.key_id, name: caller.key_name }, requestId: request.id },
    ifMatch: ifMatch === 'honoured' ? parseIfMatch(headers['if-match']) : undefined,
    claim: idempotencyKey ? claimOf(request) : undefined,
    dryRun: (request.query as { dry_run?: boolean }).dry_run === true,
    isAbandoned: () => raw.socket.destroyed,
  };
});

/** Says in the headers of an answer what was special about its request. */
export function tell(reply: FastifyReply, { dryRun }: WriteOptions, isReplay: boolean): void {
  if (isReplay) reply.header('idempotent-replayed', 'true');
  if (dryRun) reply.header('dry-run', 'true');
}
