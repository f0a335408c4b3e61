import {
  QueryCursor,
  QueryEmail,
  QueryInteger,
  QueryOneOf,
  QueryText,
  QueryTime,
} from '../../http/validation/query-rules';
import { type Status, STATUSES } from '../customer.entity';
import { type ListCursor, readListCursor } from './list-cursor';

/** Which customers to list. All filters that are sent have to hold. */
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

  @QueryEmail({ max: 254, description: 'The customer with this email, ignoring case', example: 'jane.doe@example.com' })
  email?: string;

  @QueryText({
    max: 200,
    description: 'A literal part of a name, company or email, ignoring case and normal form',
    example: 'acme',
  })
  search?: string;
}
