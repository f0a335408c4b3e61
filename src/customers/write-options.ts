import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isTooLate } from '../http/deadline';
import { claimOf } from '../http/idempotency';
import { parseIfMatch } from '../http/preconditions';
import { safetyOf } from '../http/safe-change';
import type { WriteOptions } from './writer/change';

/** Who asks for a change, and how it is to be made: what the headers and the query of the request say. */
export const HowToWrite = createParamDecorator((_: unknown, context: ExecutionContext): WriteOptions => {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest>();
  const { caller, headers } = request;
  if (!caller) throw new Error('A public route has no caller');
  const { idempotencyKey, preconditions } = safetyOf(context.getHandler());
  const dryRun = (request.query as { dry_run?: boolean }).dry_run === true;
  // Whatever comes of it.
  if (dryRun) http.getResponse<FastifyReply>().header('dry-run', 'true');
  return {
    origin: { actor: { type: 'api_key', id: caller.key_id, name: caller.key_name }, requestId: request.id },
    ...(preconditions === 'honoured' && {
      ifMatch: parseIfMatch(headers['if-match']),
      ifNoneMatch: headers['if-none-match'],
    }),
    claim: idempotencyKey ? claimOf(request) : undefined,
    dryRun,
    isTooLate: () => isTooLate(request),
  };
});
