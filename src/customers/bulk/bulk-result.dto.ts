import { STATUS_CODES } from 'node:http';
import { ApiProperty } from '@nestjs/swagger';
import { CustomerDto, toCustomerDto } from '../dto/customer.dto';
import type { BulkItemResult } from './bulk-update.service';

/** What became of one change. */
export class BulkItemResultDto {
  @ApiProperty({ type: 'string', format: 'uuid', example: '550e8400-e29b-41d4-a716-446655440000' })
  id!: string;

  @ApiProperty({ type: 'integer', description: 'What a single PATCH would have been answered with', example: 200 })
  status!: number;

  @ApiProperty({ type: () => CustomerDto, required: false, description: 'With status 200: the customer as it is now' })
  customer?: CustomerDto;

  @ApiProperty({ required: false, description: 'With any other status: its reason phrase', example: 'Not Found' })
  error?: string;

  @ApiProperty({ required: false, example: 'Customer not found' })
  message?: string;
}

/** One result for each change, in the order sent. */
export class BulkResultDto {
  @ApiProperty({ type: () => [BulkItemResultDto] })
  results!: BulkItemResultDto[];
}

export function toBulkResultDto(results: BulkItemResult[]): BulkResultDto {
  return { results: results.map(toItem) };
}

function toItem({ id, status, customer, message }: BulkItemResult): BulkItemResultDto {
  if (customer) return { id, status, customer: toCustomerDto(customer) };
  return { id, status, error: STATUS_CODES[status] ?? 'Error', message: message ?? '' };
}
