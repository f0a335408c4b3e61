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

const text = (maxLength: number, example: string) => ({ type: 'string' as const, minLength: 1, maxLength, example });
const optionalText = (maxLength: number, example: string) => ({ ...text(maxLength, example), nullable: true });
const timestamp = (example: string) => ({ type: 'string' as const, format: 'date-time', example });
const address = (street: string, city: string, postal_code: string) => ({
  type: 'object' as const,
  nullable: true,
  description: 'The members that are set, or null when none is',
  properties: {
    street: text(255, street),
    city: text(100, city),
    postal_code: text(20, postal_code),
    country: text(100, 'Germany'),
  },
  additionalProperties: false,
  minProperties: 1,
  example: { street, city, postal_code, country: 'Germany' },
});

/** A customer as every answer shows it: these fourteen members, always all of them, in this order. */
export class CustomerDto {
  @ApiProperty({ type: 'string', format: 'uuid', example: '550e8400-e29b-41d4-a716-446655440000' })
  id!: string;

  @ApiProperty({ type: 'string', format: 'uuid', example: '660e8400-e29b-41d4-a716-446655440001' })
  seller_id!: string;

  @ApiProperty(text(100, 'Jane'))
  first_name!: string;

  @ApiProperty(text(100, 'Doe'))
  last_name!: string;

  @ApiProperty({ type: 'string', format: 'email', maxLength: 254, example: 'john.doe@example.com' })
  email!: string;

  @ApiProperty(optionalText(200, 'Acme Corp'))
  company_name!: string | null;

  @ApiProperty(optionalText(100, 'GmbH'))
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
    address_data: inOrder(customer.address_data),
    postal_redirect_address: inOrder(customer.postal_redirect_address),
    status: customer.status,
    source: customer.source,
    created_at: customer.created_at.toISOString(),
    updated_at: customer.updated_at.toISOString(),
  };
}

/** jsonb keeps members in an order of its own; JSON.stringify leaves out the undefined ones. */
function inOrder(address: Address | null): Address | null {
  if (!address) return null;
  const { street, city, postal_code, country } = address;
  return { street, city, postal_code, country };
}
