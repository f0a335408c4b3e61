import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam } from '@nestjs/swagger';
import { ApiErrors, missingScope } from '../../http/openapi/api-errors';
import { HistoryPageDto } from './history.dto';

export function DescribeHistory(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'getCustomerHistory',
      summary: "Read a customer's history",
      description:
        'Every change, newest first: what it changed, who made it, by which request, and when. Deleting the customer ' +
        'erases it.',
    }),
    ApiParam({
      name: 'id',
      description: 'The customer, in any letter case',
      schema: { type: 'string', format: 'uuid' },
      example: '550e8400-e29b-41d4-a716-446655440000',
    }),
    ApiOkResponse({ type: HistoryPageDto, description: 'A part of the history' }),
    ApiErrors(401, missingScope('customers:read'), 404),
  );
}
