import { STATUS_CODES } from 'node:http';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsString, ValidateNested } from 'class-validator';
import { HaveDifferentIds, IsUuid } from '../../http/validation/decorators';
import { RequestDto } from '../../http/validation/fields';
import type { BulkItemResult } from '../customers.service';
import { CustomerDto, toCustomerDto } from './customer.dto';
import { UpdateCustomerDto } from './update-customer.dto';

/** A change of one customer among others. */
@RequestDto({ minProperties: 2 })
export class BulkItemDto extends UpdateCustomerDto {
  @ApiProperty({
    description: 'The customer, in any letter case',
    example: '550e8400-e29b-41d4-a716-446655440000',
  })
  @IsString()
  @IsUuid()
  id!: string;
}

/** What a bulk needs of its items. The service checks each as a whole: one that is wrong fails for itself. */
@RequestDto({ partOf: BulkItemDto })
class BulkItemIdDto {
  @IsString()
  @IsUuid()
  id!: string;
}

/** Changes of several customers. */
@RequestDto()
export class BulkUpdateDto {
  @ApiProperty({
    description: 'Changes, each of another customer; they apply in this order',
    example: [
      { id: '550e8400-e29b-41d4-a716-446655440000', status: 'suspended' },
      { id: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f', company_name: null, language: 'en' },
    ],
  })
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayMinSize(1)
  @HaveDifferentIds()
  @ValidateNested({ each: true })
  @Type(() => BulkItemIdDto)
  customers!: Record<string, unknown>[];
}

/** The result of one change. */
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
