import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiParam } from '@nestjs/swagger';
import { ApiErrors } from '../http/api-errors';
import { JSON_TYPES } from '../http/json-body';
import { CustomerDto } from './dto/customer.dto';
import { UpdateCustomerDto } from './dto/update-customer.dto';

const CUSTOMER_ID = {
  name: 'id',
  description: 'The customer, in any letter case',
  schema: { type: 'string' as const, format: 'uuid' },
  example: '550e8400-e29b-41d4-a716-446655440000',
};

const ETAG = {
  description: 'Version of the customer: 1 at creation, one more with each change',
  schema: { type: 'string' as const },
  example: '"7"',
};

const EXAMPLES = {
  'Change some members': { value: { first_name: 'Jane', company_name: 'Acme Corp', language: 'en' } },
  'Change the street, leave the rest of the address': { value: { address_data: { street: 'Hauptstraße 1' } } },
  'Clear the company and the postal redirect': { value: { company_name: null, postal_redirect_address: null } },
};

export function DescribeUpdate(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'updateCustomer',
      summary: 'Update a customer',
      description:
        'Changes the members that the body holds and leaves the rest (RFC 7396): null clears what may be null, and an ' +
        'address is merged member by member. The change is atomic. When nothing differs, nothing is written.',
    }),
    ApiConsumes(...JSON_TYPES),
    ApiParam(CUSTOMER_ID),
    ApiBody({ type: UpdateCustomerDto, examples: EXAMPLES }),
    ApiOkResponse({ type: CustomerDto, description: 'The customer as it is now', headers: { ETag: ETAG } }),
    ApiErrors(401, 403, 404, 409, 413, 415),
  );
}
