import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Customer } from '../customer.entity';
import { isTooLate } from '../../http/adapter/deadline';
import { type Claim, claimOf } from '../../http/idempotency';
import { COMMAND_LINE, type Origin } from '../../http/origin';
import { type IfMatch, parseIfMatch } from '../../http/preconditions';
import { writeHeadersOf } from '../../http/write-headers';

/** Who asks for a change, and how it is to be made. */
export interface WriteOptions {
  origin: Origin;
  ifMatch?: IfMatch | undefined;
  /** The If-None-Match header, as it was sent. */
  ifNoneMatch?: string | undefined;
  /** The Idempotency-Key, and what makes a request with it the same. */
  idempotency?: Claim | undefined;
  /** Carries everything out, and rolls it back. */
  dryRun?: boolean | undefined;
  /** The customer as it was when the key was looked up. It may have changed since. */
  customer?: Customer | undefined;
  /** Whether the client has left, or its time for an answer is nearly over. Asked before the change begins. */
  isTooLate?: (() => boolean) | undefined;
}

/** Of changes that are made at the command line. */
export const COMMAND_LINE_OPTIONS: WriteOptions = { origin: COMMAND_LINE };

/** A handler's parameter: the options that the headers and the query of the request hold. */
export const WriteOptionsParam = createParamDecorator((_: unknown, context: ExecutionContext): WriteOptions => {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest>();
  const { caller, headers } = request;
  if (!caller) throw new Error('A public route has no caller');
  const { idempotencyKey, preconditions } = writeHeadersOf(context.getHandler());
  const dryRun = (request.query as { dry_run?: boolean }).dry_run === true;
  // Set here, so that an error has it, too.
  if (dryRun) http.getResponse<FastifyReply>().header('dry-run', 'true');
  return {
    origin: { actor: { type: 'api_key', id: caller.key_id, name: caller.key_name }, requestId: request.id },
    ...(preconditions === 'honoured' && {
      ifMatch: parseIfMatch(headers['if-match']),
      ifNoneMatch: headers['if-none-match'],
    }),
    idempotency: idempotencyKey ? claimOf(request) : undefined,
    dryRun,
    customer: request.rowReadWithKey as Customer | undefined,
    isTooLate: () => isTooLate(request),
  };
});
