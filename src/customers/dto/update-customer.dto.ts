import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDefined, IsIn, IsInt, IsObject, IsString, Max, Min, ValidateNested } from 'class-validator';
import { IsEmailAddress, IsText, IsWellFormed, MaxCharacters, Optional } from '../../http/validation/decorators';
import { RequestDto } from '../../http/validation/fields';
import { type Language, LANGUAGES, type Status, STATUSES } from '../customer.entity';
import { ADDRESS_FIELDS, CUSTOMER_FIELDS } from '../customer.fields';

const { first_name, last_name, email, company_name, legal_entity, language, status } = CUSTOMER_FIELDS;
const { address_data, postal_redirect_address } = CUSTOMER_FIELDS;

/** A change of an address: a member that is absent stays, one that is null is removed. */
@RequestDto()
export class AddressDto {
  @ApiProperty({ description: 'Street and house number', example: 'Musterstraße 123' })
  @Optional({ nullable: true })
  @IsString()
  @IsText({ maxLength: ADDRESS_FIELDS.street })
  street?: string | null;

  @ApiProperty({ description: 'City', example: 'Berlin' })
  @Optional({ nullable: true })
  @IsString()
  @IsText({ maxLength: ADDRESS_FIELDS.city })
  city?: string | null;

  @ApiProperty({ description: 'Postal code', example: '10115' })
  @Optional({ nullable: true })
  @IsString()
  @IsText({ maxLength: ADDRESS_FIELDS.postal_code })
  postal_code?: string | null;

  @ApiProperty({ description: 'Country', example: 'Germany' })
  @Optional({ nullable: true })
  @IsString()
  @IsText({ maxLength: ADDRESS_FIELDS.country })
  country?: string | null;
}

/** A change of a customer (RFC 7396): an absent member stays as it is, null clears what may be null. */
@RequestDto({ minProperties: 1 })
export class UpdateCustomerDto {
  @ApiProperty({ description: "Customer's first name", example: 'Jane' })
  @Optional(first_name)
  @IsString()
  @IsText(first_name)
  first_name?: string;

  @ApiProperty({ description: "Customer's last name", example: 'Doe' })
  @Optional(last_name)
  @IsString()
  @IsText(last_name)
  last_name?: string;

  @ApiProperty({
    description: 'Unique among the customers of the seller, ignoring case; kept as sent',
    example: 'jane.doe@example.com',
  })
  @Optional(email)
  @IsString()
  @MaxCharacters(email.maxLength)
  @IsEmailAddress()
  @IsWellFormed()
  email?: string;

  @ApiProperty({ description: 'Company name', example: 'Acme Corp' })
  @Optional(company_name)
  @IsString()
  @IsText(company_name)
  company_name?: string | null;

  @ApiProperty({ description: 'Legal form of the company', example: 'GmbH' })
  @Optional(legal_entity)
  @IsString()
  @IsText(legal_entity)
  legal_entity?: string | null;

  @ApiProperty({ description: 'Preferred language of communications', example: 'en' })
  @Optional(language)
  @IsString()
  @IsIn(LANGUAGES)
  @IsWellFormed()
  language?: Language | null;

  @ApiProperty({ description: 'Inactive and suspended customers cannot log in to the portal', example: 'active' })
  @Optional(status)
  @IsString()
  @IsIn(STATUSES)
  @IsWellFormed()
  status?: Status;

  @ApiProperty({
    description: 'Address of the customer; merged member by member, null clears all of it',
    example: { street: 'Musterstraße 123', city: 'Berlin', postal_code: '10115', country: 'Germany' },
  })
  @Optional(address_data)
  @IsObject()
  @ValidateNested()
  @Type(() => AddressDto)
  address_data?: AddressDto | null;

  @ApiProperty({
    description: 'Where postal mail is forwarded to; merged member by member, null clears all of it',
    example: { street: 'Weiterleitungsstraße 5', city: 'München', postal_code: '80331', country: 'Germany' },
  })
  @Optional(postal_redirect_address)
  @IsObject()
  @ValidateNested()
  @Type(() => AddressDto)
  postal_redirect_address?: AddressDto | null;
}

/** A new customer: the members of a change, three of which are required. */
@RequestDto()
export class CreateCustomerDto extends UpdateCustomerDto {
  @IsDefined()
  override first_name!: string;

  @IsDefined()
  override last_name!: string;

  @IsDefined()
  override email!: string;
}

/** Which version to go back to. */
@RequestDto()
export class RevertCustomerDto {
  @ApiProperty({ description: 'The version to go back to', example: 1 })
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  version!: number;
}
