import { MinProperties } from '../../http/validation/members';
import { Email, Integer, ObjectOf, OneOf, Text } from '../../http/validation/rules';
import { type Language, LANGUAGES, type Status, STATUSES } from '../customer.entity';
import { ADDRESS_FIELDS, CUSTOMER_FIELDS } from '../customer.fields';

/** A change of an address: a member that is absent stays, one that is null is removed. */
export class AddressDto {
  @Text({
    max: ADDRESS_FIELDS.street,
    nullable: true,
    description: 'Street and house number',
    example: 'Musterstraße 123',
  })
  street?: string | null;

  @Text({ max: ADDRESS_FIELDS.city, nullable: true, description: 'City', example: 'Berlin' })
  city?: string | null;

  @Text({ max: ADDRESS_FIELDS.postal_code, nullable: true, description: 'Postal code', example: '10115' })
  postal_code?: string | null;

  @Text({ max: ADDRESS_FIELDS.country, nullable: true, description: 'Country', example: 'Germany' })
  country?: string | null;
}

const { first_name, last_name, email, company_name, legal_entity } = CUSTOMER_FIELDS;

const FIRST_NAME = { max: first_name.maxLength, description: "Customer's first name", example: 'Jane' };
const LAST_NAME = { max: last_name.maxLength, description: "Customer's last name", example: 'Doe' };
const EMAIL = {
  max: email.maxLength,
  description: 'Unique among the customers of the seller, ignoring case; kept as sent',
  example: 'jane.doe@example.com',
};

/** A change of a customer (RFC 7396): an absent member stays as it is, null clears what may be null. */
@MinProperties(1)
export class UpdateCustomerDto {
  @Text(FIRST_NAME)
  first_name?: string;

  @Text(LAST_NAME)
  last_name?: string;

  @Email(EMAIL)
  email?: string;

  @Text({ max: company_name.maxLength, nullable: true, description: 'Company name', example: 'Acme Corp' })
  company_name?: string | null;

  @Text({ max: legal_entity.maxLength, nullable: true, description: 'Legal form of the company', example: 'GmbH' })
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

/** A new customer: the members of a change, three of which are required. */
export class CreateCustomerDto extends UpdateCustomerDto {
  @Text({ ...FIRST_NAME, required: true })
  override first_name!: string;

  @Text({ ...LAST_NAME, required: true })
  override last_name!: string;

  @Email({ ...EMAIL, required: true })
  override email!: string;
}

/** Which version to go back to. */
export class RevertCustomerDto {
  @Integer({ min: 1, max: 2_147_483_647, required: true, description: 'The version to go back to', example: 1 })
  version!: number;
}
