import { MinProperties } from '../../http/validation/members';
import { ListOf } from '../../http/validation/object-list';
import { Uuid } from '../../http/validation/rules';
import { UpdateCustomerDto } from '../dto/update-customer.dto';

/** A change of one customer among others. */
@MinProperties(2)
export class BulkItemDto extends UpdateCustomerDto {
  @Uuid({
    required: true,
    description: 'The customer, in any letter case',
    example: '550e8400-e29b-41d4-a716-446655440000',
  })
  id!: string;
}

/** Changes of several customers. */
export class BulkUpdateDto {
  @ListOf(BulkItemDto, {
    max: 100,
    required: true,
    description: 'Changes, each of another customer; they apply in this order',
    example: [
      { id: '550e8400-e29b-41d4-a716-446655440000', status: 'suspended' },
      { id: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f', company_name: null, language: 'en' },
    ],
  })
  customers!: Record<string, unknown>[];
}
