import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PreloadsRow } from '../../api-keys/authenticated';
import { isTooLate } from '../../http/adapter/deadline';
import { callerOf } from '../../http/caller';
import { idempotentRequestOf } from '../../http/idempotency';
import { parseIfMatch } from '../../http/preconditions';
import { writeHeadersOf } from '../../http/write-headers';
import type { Customer } from '../customer.entity';
import { CUSTOMER_COLUMNS } from '../customer.fields';
import type { WriteOptions } from './write-request';

const CUSTOMERS = { table: 'customers', columns: CUSTOMER_COLUMNS };

/** A lone request reads the customer that its path names along with its key. */
export const PreloadsCustomer = (): MethodDecorator => PreloadsRow(CUSTOMERS);

/** Undefined when the customer does not exist, or was not read with the key. */
export function preloadedCustomerOf({ preloadedRow }: FastifyRequest): Customer | undefined {
  return preloadedRow as Customer | undefined;
}

/** A handler's parameter: the options that the headers and the query of the request hold. */
export const WriteOptionsParam = createParamDecorator((_: unknown, context: ExecutionContext): WriteOptions => {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest>();
  const { key_id, key_name } = callerOf(request);
  const { idempotencyKey, preconditions } = writeHeadersOf(context.getHandler());
  const dryRun = (request.query as { dry_run?: boolean }).dry_run === true;
  // Set here, so that an error has it, too.
  if (dryRun) http.getResponse<FastifyReply>().header('dry-run', 'true');
  return {
    origin: { actor: { type: 'api_key', id: key_id, name: key_name }, requestId: request.id },
    ...(preconditions === 'honoured' && {
      ifMatch: parseIfMatch(request.headers['if-match']),
      ifNoneMatch: request.headers['if-none-match'],
    }),
    idempotency: idempotencyKey ? idempotentRequestOf(request) : undefined,
    dryRun,
    preloadedCustomer: preloadedCustomerOf(request),
    isTooLate: () => isTooLate(request),
  };
});
