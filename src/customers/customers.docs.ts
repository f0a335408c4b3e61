import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiResponse,
} from '@nestjs/swagger';
import { missingScope } from '../api-keys/authenticated';
import { ApiErrors, invalidBody } from '../http/openapi/api-errors';
import { JSON_TYPES } from '../http/body/json-body';
import { EMAIL_CONFLICT } from './customer.errors';
import { BulkResultDto, BulkUpdateDto } from './dto/bulk-update.dto';
import { CustomerDto, CustomerPageDto } from './dto/customer.dto';
import { CreateCustomerDto, RevertCustomerDto, UpdateCustomerDto } from './dto/update-customer.dto';

/** Headers of answers to changes. */
const CHANGE_HEADERS = {
  'Idempotent-Replayed': {
    description: 'The request was carried out before, and this is the answer of then',
    schema: { type: 'string' as const, enum: ['true'] },
  },
  'Dry-Run': { description: 'Nothing was stored', schema: { type: 'string' as const, enum: ['true'] } },
};

const CONFLICT = {
  status: 409,
  type: EMAIL_CONFLICT,
  description: 'The email is taken, or a request with this Idempotency-Key is still in progress',
};

/** The `id` in the path of a customer. */
export const CustomerIdParam = ApiParam({
  name: 'id',
  description: 'The customer, in any letter case',
  schema: { type: 'string', format: 'uuid' },
  example: '550e8400-e29b-41d4-a716-446655440000',
});

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

const ETAG_HEADER = { ETag: ETAG };

const MUST_NOT_WRITE = missingScope('customers:write');
const LOCATION = {
  description: 'Path of the new customer',
  schema: { type: 'string' as const },
  example: '/api/customers/550e8400-e29b-41d4-a716-446655440000',
};

export const DescribeCreate = applyDecorators(
  ApiOperation({
    operationId: 'createCustomer',
    summary: 'Create a customer',
    description: 'Three members are required; `language` defaults to `de`, `status` to `active`, the others to null.',
  }),
  ApiConsumes('application/json'),
  ApiBody({ type: CreateCustomerDto }),
  ApiCreatedResponse({
    type: CustomerDto,
    description: 'The new customer',
    headers: { ...ETAG_HEADER, Location: LOCATION, ...CHANGE_HEADERS },
  }),
  ApiErrors(
    invalidBody('required', "must have required property 'email'", '/email'),
    401,
    missingScope('customers:write', ', or the seller has reached its customer limit'),
    CONFLICT,
    422,
  ),
);

export const DescribeList = applyDecorators(
  ApiOperation({
    operationId: 'listCustomers',
    summary: 'List customers',
    description:
      'Newest first, page by page. The order is stable while customers come and go. All filters that are sent have to ' +
      'hold. A page may hold fewer customers than `limit`, or none, when what is looked for is hard to find: as long as ' +
      '`next_cursor` is not null, there may be more.',
  }),
  ApiOkResponse({ type: CustomerPageDto, description: 'One page of customers' }),
  ApiErrors(401, missingScope('customers:read')),
);

export const DescribeGet = applyDecorators(
  ApiOperation({
    operationId: 'getCustomer',
    summary: 'Read a customer',
    description: 'As it is now, or as it was at a version.',
  }),
  CustomerIdParam,
  ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'ETags of versions that the client has: 304 when one is current',
    schema: { type: 'string' },
    example: '"7"',
  }),
  ApiOkResponse({ type: CustomerDto, description: 'The customer', headers: ETAG_HEADER }),
  ApiResponse({ status: 304, description: 'The client has the current version', headers: ETAG_HEADER }),
  ApiErrors(401, missingScope('customers:read'), 404),
);

export const DescribeUpdate = applyDecorators(
  ApiOperation({
    operationId: 'updateCustomer',
    summary: 'Update a customer',
    description:
      'Changes the members that the body holds and leaves the rest (RFC 7396): null clears what may be null, and an ' +
      'address is merged member by member. The change is atomic. When nothing differs, nothing is written.',
  }),
  ApiConsumes(...JSON_TYPES),
  CustomerIdParam,
  ApiBody({ type: UpdateCustomerDto, examples: EXAMPLES }),
  ApiOkResponse({
    type: CustomerDto,
    description: 'The customer as it is now',
    headers: { ...ETAG_HEADER, ...CHANGE_HEADERS },
  }),
  ApiErrors(
    invalidBody('min_properties', 'must NOT have fewer than 1 properties'),
    401,
    MUST_NOT_WRITE,
    404,
    CONFLICT,
    412,
    422,
  ),
);

const DUPLICATES = invalidBody('unique_items', 'must NOT have duplicate items', '/customers');

export const DescribeBulkUpdate = applyDecorators(
  ApiOperation({
    operationId: 'updateCustomers',
    summary: 'Update up to 100 customers',
    description:
      'Each change is what a `PATCH` of its customer would be, and has a result of its own; they apply in this order, ' +
      'in one transaction. A customer whom somebody else keeps locked has the result 503, unless there is an Idempotency-Key. With `atomic=true` one that fails undoes all, and is the answer. The body may have 1 MiB.',
  }),
  ApiConsumes(...JSON_TYPES),
  ApiBody({ type: BulkUpdateDto }),
  ApiOkResponse({ type: BulkResultDto, description: 'One result for each change', headers: CHANGE_HEADERS }),
  ApiErrors(
    DUPLICATES,
    401,
    missingScope('customers:write'),
    { status: 404, description: 'With `atomic=true`: a customer is unknown' },
    { ...CONFLICT, description: `With \`atomic=true\`: ${CONFLICT.description}` },
    422,
  ),
);

export const DescribeRevert = applyDecorators(
  ApiOperation({
    operationId: 'revertCustomer',
    summary: 'Revert a customer to an earlier version',
    description:
      'Makes the members what they were at that version, as a new version. When they are so already, nothing is written.',
  }),
  ApiConsumes('application/json'),
  CustomerIdParam,
  ApiBody({ type: RevertCustomerDto }),
  ApiOkResponse({
    type: CustomerDto,
    description: 'The customer as it is now',
    headers: { ...ETAG_HEADER, ...CHANGE_HEADERS },
  }),
  ApiErrors(
    invalidBody('required', "must have required property 'version'", '/version'),
    401,
    MUST_NOT_WRITE,
    { status: 404, description: 'The customer is unknown, or has never had this version' },
    CONFLICT,
    412,
    422,
  ),
);

export const DescribeDelete = applyDecorators(
  ApiOperation({
    operationId: 'deleteCustomer',
    summary: 'Delete a customer',
    description: 'The customer and all that belongs to it are gone for good.',
  }),
  CustomerIdParam,
  ApiNoContentResponse({ description: 'The customer is gone' }),
  ApiErrors(401, MUST_NOT_WRITE, 404, 412),
);
