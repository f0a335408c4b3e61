import { IsString } from 'class-validator';
import { type EventPosition, readEventCursor } from '../../events/event-cursor';
import { type CursorPosition, readCursor } from '../../http/cursor';

import { member, rule, textRule } from '../../http/validation/member';
import { QueryCursor, QueryInteger, QueryOneOf } from '../../http/validation/query-rules';
import { DELIVERY_STATUSES, type DeliveryStatus } from '../webhook-delivery.entity';

export const DEFAULT_LIMIT = 20;

/** Which deliveries to list. */
export class DeliveriesQuery {
  @QueryOneOf(DELIVERY_STATUSES, { description: 'Deliveries with this status alone', example: 'failed' })
  status?: DeliveryStatus;

  @QueryInteger({ min: 1, max: 100, default: DEFAULT_LIMIT, description: 'Deliveries on a page', example: 20 })
  limit?: number;

  @QueryCursor(readCursor, {
    description: '`next_cursor` of the page before',
    example: 'MTcwNTMxNDYwMDAwMDo1NTBlODQwMC1lMjliLTQxZDQtYTcxNi00NDY2NTU0NDAwMDA',
  })
  cursor?: CursorPosition;
}

/** From where on to send everything again. */
export class ReplayDto {
  @member(
    {
      required: true,
      description: 'A `next_cursor` of the feed of events',
      example: 'MDowMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA6MA',
    },
    { type: 'string' },
    IsString(rule('must be string', { code: 'type' })),
    textRule(
      'isCursor',
      (text) => readEventCursor(text) !== undefined,
      rule('must match format "cursor"', { code: 'format' }),
    ),
  )
  after!: string;
}

export function toPosition({ after }: ReplayDto): EventPosition {
  return readEventCursor(after) as EventPosition;
}
