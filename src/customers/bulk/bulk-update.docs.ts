import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiErrors, invalidBody, missingScope } from '../../http/api-errors';
import { JSON_TYPES } from '../../http/json-body';
import { CONFLICT, TELLING } from '../change.docs';
import { BulkResultDto } from './bulk-result.dto';
import { BulkUpdateDto } from './bulk-update.dto';

const DUPLICATES = invalidBody('unique_items', 'must NOT have duplicate items', '/customers');

export function DescribeBulkUpdate(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'updateCustomers',
      summary: 'Update up to 100 customers',
      description:
        'Each change is what a `PATCH` of its customer would be, and has a result of its own; they apply in this order, ' +
        'in one transaction. A customer whom somebody else keeps locked has the result 503, unless there is an Idempotency-Key. With `atomic=true` one that fails undoes all, and is the answer. The body may have 1 MiB.',
    }),
    ApiConsumes(...JSON_TYPES),
    ApiBody({ type: BulkUpdateDto }),
    ApiOkResponse({ type: BulkResultDto, description: 'One result for each change', headers: TELLING }),
    ApiErrors(
      DUPLICATES,
      401,
      missingScope('customers:write'),
      { status: 404, description: 'With `atomic=true`: a customer is unknown' },
      { status: 409, description: `With \`atomic=true\`: ${CONFLICT.description}` },
      422,
    ),
  );
}
