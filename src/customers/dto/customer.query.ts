import { readCursor, writeCursor, type CursorPosition } from '../../http/cursor';
import {
  QueryAnyInteger,
  QueryCursor,
  QueryEmail,
  QueryFlag,
  QueryInteger,
  QueryOneOf,
  QueryText,
  QueryTime,
} from '../../http/validation/query-rules';
import { type Status, STATUSES } from '../customer.entity';
import { CUSTOMER_FIELDS } from '../customer.fields';

/** How a change is to be made. */
export class ChangeQuery {
  @QueryFlag({ default: false, description: 'Checks everything and answers alike, but stores nothing', example: true })
  dry_run?: boolean;
}

export class BulkQuery extends ChangeQuery {
  @QueryFlag({ default: false, description: 'All changes or none; the first failure is the answer', example: true })
  atomic?: boolean;
}

export class GetCustomerQuery {
  @QueryAnyInteger({ description: 'The customer as it was at this version', example: 3 })
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
export class ListCustomersQuery {
  @QueryInteger({ min: 1, max: 100, default: 20, description: 'Customers on a page', example: 20 })
  limit?: number;

  @QueryCursor(readListCursor, {
    description: '`next_cursor` of the page before',
    example: 'MTcwNTMxNDYwMDAwMDo1NTBlODQwMC1lMjliLTQxZDQtYTcxNi00NDY2NTU0NDAwMDA',
  })
  cursor?: ListCursor;

  @QueryTime({ description: 'Changed at or after this moment', example: '2024-02-20T14:15:00.000Z' })
  updated_since?: Date;

  @QueryOneOf(STATUSES, { description: 'Customers of this status', example: 'active' })
  status?: Status;

  @QueryEmail({
    max: CUSTOMER_FIELDS.email.maxLength,
    description: 'The customer with this email, ignoring case',
    example: 'jane.doe@example.com',
  })
  email?: string;

  @QueryText({
    max: 200,
    description: 'A literal part of a name, company or email, ignoring case and normal form',
    example: 'acme',
  })
  search?: string;
}
