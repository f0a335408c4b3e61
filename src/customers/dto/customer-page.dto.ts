import { ApiProperty } from '@nestjs/swagger';
import type { CustomerPage } from '../list/customer-list';
import { CustomerDto, toCustomerDto } from './customer.dto';

export class CustomerPageDto {
  @ApiProperty({ type: [CustomerDto], description: 'Newest first' })
  data!: CustomerDto[];

  @ApiProperty({ type: 'string', nullable: true, description: 'Send it as `cursor` for the next page', example: null })
  next_cursor!: string | null;
}

export function toCustomerPageDto({ customers, next_cursor }: CustomerPage): CustomerPageDto {
  return { data: customers.map(toCustomerDto), next_cursor };
}
