import { ApiProperty } from '@nestjs/swagger';
import {
  type Address,
  type Customer,
  type Language,
  LANGUAGES,
  type Source,
  SOURCES,
  type Status,
  STATUSES,
} from '../customer.entity';
import { ADDRESS_FIELDS, CUSTOMER_FIELDS, type CustomerFields } from '../customer.fields';
import type { CustomerPage } from '../list/customer-list';
import { orderedAddress } from '../merge';

const string = (maxLength: number, example: string) => ({ type: 'string' as const, minLength: 1, maxLength, example });

/** The schema of a field that holds a text, with the limits of the table of fields. */
function text(name: 'first_name' | 'last_name' | 'company_name' | 'legal_entity', example: string) {
  const { maxLength, nullable } = CUSTOMER_FIELDS[name];
  return { ...string(maxLength, example), ...(nullable && { nullable }) };
}

function timestamp(example: string) {
  return { type: 'string' as const, format: 'date-time', example };
}

function address(street: string, city: string, postal_code: string) {
  return {
    type: 'object' as const,
    nullable: true,
    description: 'The members that are set, or null when none is',
    properties: {
      street: string(ADDRESS_FIELDS.street, street),
      city: string(ADDRESS_FIELDS.city, city),
      postal_code: string(ADDRESS_FIELDS.postal_code, postal_code),
      country: string(ADDRESS_FIELDS.country, 'Germany'),
    },
    additionalProperties: false,
    minProperties: 1,
    example: { street, city, postal_code, country: 'Germany' },
  };
}

/** A customer as every answer shows it: these fourteen members, always all of them, in this order. */
export class CustomerDto implements CustomerFields {
  @ApiProperty({ type: 'string', format: 'uuid', example: '550e8400-e29b-41d4-a716-446655440000' })
  id!: string;

  @ApiProperty({ type: 'string', format: 'uuid', example: '660e8400-e29b-41d4-a716-446655440001' })
  seller_id!: string;

  @ApiProperty(text('first_name', 'Jane'))
  first_name!: string;

  @ApiProperty(text('last_name', 'Doe'))
  last_name!: string;

  @ApiProperty({
    type: 'string',
    format: 'email',
    maxLength: CUSTOMER_FIELDS.email.maxLength,
    example: 'john.doe@example.com',
  })
  email!: string;

  @ApiProperty(text('company_name', 'Acme Corp'))
  company_name!: string | null;

  @ApiProperty(text('legal_entity', 'GmbH'))
  legal_entity!: string | null;

  @ApiProperty({ type: 'string', enum: [...LANGUAGES, null], nullable: true, example: 'en' })
  language!: Language | null;

  @ApiProperty(address('Musterstraße 123', 'Berlin', '10115'))
  address_data!: Address | null;

  @ApiProperty(address('Weiterleitungsstraße 5', 'München', '80331'))
  postal_redirect_address!: Address | null;

  @ApiProperty({ type: 'string', enum: STATUSES, example: 'active' })
  status!: Status;

  @ApiProperty({ type: 'string', enum: SOURCES, example: 'api', description: 'Where the customer came from' })
  source!: Source;

  @ApiProperty(timestamp('2024-01-15T10:30:00.000Z'))
  created_at!: string;

  @ApiProperty(timestamp('2024-02-20T14:15:00.000Z'))
  updated_at!: string;
}

export function toCustomerDto(customer: Customer): CustomerDto {
  return {
    id: customer.id,
    seller_id: customer.seller_id,
    first_name: customer.first_name,
    last_name: customer.last_name,
    email: customer.email,
    company_name: customer.company_name,
    legal_entity: customer.legal_entity,
    language: customer.language,
    address_data: orderedAddress(customer.address_data),
    postal_redirect_address: orderedAddress(customer.postal_redirect_address),
    status: customer.status,
    source: customer.source,
    created_at: customer.created_at.toISOString(),
    updated_at: customer.updated_at.toISOString(),
  };
}

export class CustomerPageDto {
  @ApiProperty({ type: [CustomerDto], description: 'Newest first' })
  data!: CustomerDto[];

  @ApiProperty({ type: 'string', nullable: true, description: 'Send it as `cursor` for the next page', example: null })
  next_cursor!: string | null;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    description:
      'This walk shows every change dated up to this time. Send it as `updated_since` in the next walk, which then ' +
      'misses nothing. All pages of a walk have the value of the first.',
    example: '2024-02-20T14:15:00.000Z',
  })
  as_of!: string;
}

export function toCustomerPageDto({ customers, next_cursor, as_of }: CustomerPage): CustomerPageDto {
  return { data: customers.map(toCustomerDto), next_cursor, as_of: as_of.toISOString() };
}
