import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDefined, IsIn, IsInt, IsObject, IsString, Max, Min, ValidateNested } from 'class-validator';
import { IsEmailAddress, IsNotBlank, IsWellFormed, MaxCharacters, Optional } from '../../http/validation/decorators';
import { RequestDto } from '../../http/validation/fields';
import { type Language, LANGUAGES, type Status, STATUSES } from '../customer.entity';
import { ADDRESS_FIELDS, CUSTOMER_FIELDS } from '../customer.fields';

const { first_name, last_name, email, company_name, legal_entity } = CUSTOMER_FIELDS;

/** A change of an address: a member that is absent stays, one that is null is removed. */
@RequestDto()
export class AddressDto {
  @ApiProperty({ description: 'Street and house number', example: 'Musterstraße 123' })
  @Optional({ nullable: true })
  @IsString()
  @MaxCharacters(ADDRESS_FIELDS.street)
  @IsNotBlank()
  @IsWellFormed()
  street?: string | null;

  @ApiProperty({ description: 'City', example: 'Berlin' })
  @Optional({ nullable: true })
  @IsString()
  @MaxCharacters(ADDRESS_FIELDS.city)
  @IsNotBlank()
  @IsWellFormed()
  city?: string | null;

  @ApiProperty({ description: 'Postal code', example: '10115' })
  @Optional({ nullable: true })
  @IsString()
  @MaxCharacters(ADDRESS_FIELDS.postal_code)
  @IsNotBlank()
  @IsWellFormed()
  postal_code?: string | null;

  @ApiProperty({ description: 'Country', example: 'Germany' })
  @Optional({ nullable: true })
  @IsString()
  @MaxCharacters(ADDRESS_FIELDS.country)
  @IsNotBlank()
  @IsWellFormed()
  country?: string | null;
}

/** A change of a customer (RFC 7396): an absent member stays as it is, null clears what may be null. */
@RequestDto({ minProperties: 1 })
export class UpdateCustomerDto {
  @ApiProperty({ description: "Customer's first name", example: 'Jane' })
  @Optional()
  @IsString()
  @MaxCharacters(first_name.maxLength)
  @IsNotBlank()
  @IsWellFormed()
  first_name?: string;

  @ApiProperty({ description: "Customer's last name", example: 'Doe' })
  @Optional()
  @IsString()
  @MaxCharacters(last_name.maxLength)
  @IsNotBlank()
  @IsWellFormed()
  last_name?: string;

  @ApiProperty({
    description: 'Unique among the customers of the seller, ignoring case; kept as sent',
    example: 'jane.doe@example.com',
  })
  @Optional()
  @IsString()
  @MaxCharacters(email.maxLength)
  @IsEmailAddress()
  @IsWellFormed()
  email?: string;

  @ApiProperty({ description: 'Company name', example: 'Acme Corp' })
  @Optional({ nullable: true })
  @IsString()
  @MaxCharacters(company_name.maxLength)
  @IsNotBlank()
  @IsWellFormed()
  company_name?: string | null;

  @ApiProperty({ description: 'Legal form of the company', example: 'GmbH' })
  @Optional({ nullable: true })
  @IsString()
  @MaxCharacters(legal_entity.maxLength)
  @IsNotBlank()
  @IsWellFormed()
  legal_entity?: string | null;

  @ApiProperty({ description: 'Preferred language of communications', example: 'en' })
  @Optional({ nullable: true })
  @IsString()
  @IsIn(LANGUAGES)
  @IsWellFormed()
  language?: Language | null;

  @ApiProperty({ description: 'Inactive and suspended customers cannot log in to the portal', example: 'active' })
  @Optional()
  @IsString()
  @IsIn(STATUSES)
  @IsWellFormed()
  status?: Status;

  @ApiProperty({
    description: 'Address of the customer; merged member by member, null clears all of it',
    example: { street: 'Musterstraße 123', city: 'Berlin', postal_code: '10115', country: 'Germany' },
  })
  @Optional({ nullable: true })
  @IsObject()
  @ValidateNested()
  @Type(() => AddressDto)
  address_data?: AddressDto | null;

  @ApiProperty({
    description: 'Where postal mail is forwarded to; merged member by member, null clears all of it',
    example: { street: 'Weiterleitungsstraße 5', city: 'München', postal_code: '80331', country: 'Germany' },
  })
  @Optional({ nullable: true })
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
