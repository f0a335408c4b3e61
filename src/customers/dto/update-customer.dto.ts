import { MinProperties } from '../../http/validation/members';
import { Email, ObjectOf, OneOf, Text } from '../../http/validation/rules';
import { type Language, LANGUAGES, type Status, STATUSES } from '../customer.entity';
import { AddressDto } from './address.dto';

/** A change of a customer (RFC 7396): an absent member stays as it is, null clears what may be null. */
@MinProperties(1)
export class UpdateCustomerDto {
  @Text({ max: 100, description: "Customer's first name", example: 'Jane' })
  first_name?: string;

  @Text({ max: 100, description: "Customer's last name", example: 'Doe' })
  last_name?: string;

  @Email({
    max: 254,
    description: 'Unique among the customers of the seller, ignoring case; kept as sent',
    example: 'jane.doe@example.com',
  })
  email?: string;

  @Text({ max: 200, nullable: true, description: 'Company name', example: 'Acme Corp' })
  company_name?: string | null;

  @Text({ max: 100, nullable: true, description: 'Legal form of the company', example: 'GmbH' })
  legal_entity?: string | null;

  @OneOf(LANGUAGES, { nullable: true, description: 'Preferred language of communications', example: 'en' })
  language?: Language | null;

  @OneOf(STATUSES, {
    description: 'Inactive and suspended customers cannot log in to the portal',
    example: 'active',
  })
  status?: Status;

  @ObjectOf(AddressDto, {
    nullable: true,
    description: 'Address of the customer; merged member by member, null clears all of it',
    example: { street: 'Musterstraße 123', city: 'Berlin', postal_code: '10115', country: 'Germany' },
  })
  address_data?: AddressDto | null;

  @ObjectOf(AddressDto, {
    nullable: true,
    description: 'Where postal mail is forwarded to; merged member by member, null clears all of it',
    example: { street: 'Weiterleitungsstraße 5', city: 'München', postal_code: '80331', country: 'Germany' },
  })
  postal_redirect_address?: AddressDto | null;
}
