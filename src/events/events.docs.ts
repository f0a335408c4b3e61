import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiErrors, missingScope } from '../http/api-errors';
import { EventPageDto } from './event.dto';

export function DescribeEvents(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'listEvents',
      summary: 'Follow what happens to customers',
      description:
        'Everything that happened to the customers of the seller, oldest first, in an order that never changes. Keep ' +
        '`next_cursor` and send it as `after`: nothing is missed, and nothing comes twice. A page may hold fewer events ' +
        'than `limit`, or none; `has_more` says whether to ask again at once. When a customer is deleted, its earlier ' +
        'events are gone, and the one of the deletion stays.',
    }),
    ApiOkResponse({ type: EventPageDto, description: 'A part of the feed' }),
    ApiErrors(401, missingScope('customers:read')),
  );
}
