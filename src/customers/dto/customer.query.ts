import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsDate, IsIn, IsInt, IsString, MinLength } from 'class-validator';
import { readCursor, writeCursor, type CursorPosition } from '../../http/cursor';
import { PageQuery } from '../../http/page.query';
import {
  IsEmailAddress,
  IsWellFormed,
  MaxCharacters,
  Optional,
  ToBoolean,
  ToDate,
  ToInteger,
} from '../../http/validation/decorators';
import { RequestDto } from '../../http/validation/fields';
import { type Status, STATUSES } from '../customer.entity';
import { CUSTOMER_FIELDS } from '../customer.fields';

/** How a change is to be made. */
@RequestDto()
export class ChangeQuery {
  @ApiProperty({ description: 'Checks everything and answers alike, but stores nothing', default: false })
  @Optional()
  @ToBoolean()
  @IsBoolean()
  dry_run?: boolean;
}

@RequestDto()
export class BulkQuery extends ChangeQuery {
  @ApiProperty({ description: 'All changes or none; the first failure is the answer', default: false })
  @Optional()
  @ToBoolean()
  @IsBoolean()
  atomic?: boolean;
}

@RequestDto()
export class GetCustomerQuery {
  @ApiProperty({ description: 'The customer as it was at this version', example: 3 })
  @Optional()
  @ToInteger()
  @IsInt()
  version?: number;
}

/** A position in the list of customers, with the `as_of` that all pages of the same walk repeat. */
export interface ListCursor extends CursorPosition {
  as_of: Date;
}

/** The opaque form in which a client keeps a position. */
export function writeListCursor({ created_at, id, as_of }: ListCursor): string {
  return `${writeCursor({ created_at, id })}.${as_of.getTime().toString(36)}`;
}

/** The position that a cursor stands for, or undefined when it is none of ours. */
export function readListCursor(cursor: string): ListCursor | undefined {
  const [first = '', time] = cursor.split('.');
  const position = readCursor(first);
  // Older versions of the service wrote no `as_of`, and so promised nothing.
  if (position && time === undefined) return { ...position, as_of: new Date(0) };
  const as_of = new Date(Number.parseInt(time ?? '', 36));
  if (!position || Number.isNaN(as_of.getTime())) return undefined;
  return writeListCursor({ ...position, as_of }) === cursor ? { ...position, as_of } : undefined;
}

/** Which customers to list. A customer has to match every filter that is sent. */
@RequestDto()
export class ListCustomersQuery extends PageQuery('Customers', readListCursor) {
  @ApiProperty({ description: 'Changed at or after this moment', example: '2024-02-20T14:15:00.000Z' })
  @Optional()
  @ToDate()
  @IsDate()
  updated_since?: Date;

  @ApiProperty({ description: 'Customers of this status', example: 'active' })
  @Optional()
  @IsIn(STATUSES)
  status?: Status;

  @ApiProperty({ description: 'The customer with this email, ignoring case', example: 'jane.doe@example.com' })
  @Optional()
  @IsString()
  @MaxCharacters(CUSTOMER_FIELDS.email.maxLength)
  @IsEmailAddress()
  email?: string;

  @ApiProperty({
    description: 'A literal part of a name, company or email, ignoring case and normal form',
    example: 'acme',
  })
  @Optional()
  @IsString()
  @MaxCharacters(200)
  @MinLength(1)
  @IsWellFormed()
  search?: string;
}
