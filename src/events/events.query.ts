import { QueryCursor, QueryInteger, QuerySetOf, QueryUuid } from '../http/validation/query-rules';
import { type EventPosition, readEventCursor } from './event-cursor';
import { EVENT_TYPES, type EventType } from './event';

/** Which part of the feed. */
export class EventsQuery {
  @QueryCursor((text) => (text === 'latest' ? 'latest' : readEventCursor(text)), {
    description: '`next_cursor` of an earlier answer; without it from the oldest event, and with `latest` from now on',
    example: 'latest',
  })
  after?: EventPosition | 'latest';

  @QueryInteger({ min: 1, max: 500, default: 100, description: 'Events on a page', example: 100 })
  limit?: number;

  @QuerySetOf(EVENT_TYPES, {
    description: 'Events of these types alone, separated by commas',
    example: 'customer.deleted',
  })
  type?: EventType[];

  @QueryUuid({ description: 'Events of this customer alone', example: '550e8400-e29b-41d4-a716-446655440000' })
  customer_id?: string;
}
