import { Text } from '../../http/validation/rules';

/** A change of an address: a member that is absent stays, one that is null is removed. */
export class AddressDto {
  @Text({ max: 255, nullable: true, description: 'Street and house number', example: 'Musterstraße 123' })
  street?: string | null;

  @Text({ max: 100, nullable: true, description: 'City', example: 'Berlin' })
  city?: string | null;

  @Text({ max: 20, nullable: true, description: 'Postal code', example: '10115' })
  postal_code?: string | null;

  @Text({ max: 100, nullable: true, description: 'Country', example: 'Germany' })
  country?: string | null;
}
