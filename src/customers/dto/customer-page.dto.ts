import { ApiProperty } from '@nestjs/swagger';
import type { CustomerPage } from '../list/customer-list';
import { CustomerDto, toCustomerDto } from './customer.dto';

export class CustomerPageDto {
  @ApiProperty({ type: [CustomerDto], description: 'Newest first' })
  data!: CustomerDto[];

  @ApiProperty({ type: 'string', nullable: true, description: 'Send it as `cursor` for the next page', example: null })
  next_cursor!: string | null;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    description:
      'Every change dated up to this time was there for this walk to see, so that it is the `updated_since` with which ' +
      'the next walk misses nothing. All pages of a walk repeat that of the first.',
    example: '2024-02-20T14:15:00.000Z',
  })
  as_of!: string;
}

export function toCustomerPageDto({ customers, next_cursor, as_of }: CustomerPage): CustomerPageDto {
  return { data: customers.map(toCustomerDto), next_cursor, as_of: as_of.toISOString() };
}
