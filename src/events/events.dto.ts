import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { CustomerDto, toCustomerDto } from '../customers/dto/customer.dto';
import type { Changes } from '../customers/merge';
import { IsCursor, IsListOf, IsUuid, Optional, ToInteger, ToLowerCase } from '../http/validation/decorators';
import { RequestDto } from '../http/validation/fields';
import { ActorDto, CHANGES_SCHEMA } from '../customers/history/history.dto';
import {
  type CustomerEvent,
  EVENT_TYPES,
  type EventPosition,
  type EventType,
  readEventCursor,
  writeEventCursor,
} from './event';
import type { EventPage } from './events.service';

/** Which events to read. */
@RequestDto()
export class EventsQuery {
  @ApiProperty({
    description: '`next_cursor` of an earlier answer; without it from the oldest event, and with `latest` from now on',
    example: 'latest',
  })
  @Optional()
  @IsCursor((text) => (text === 'latest' ? 'latest' : readEventCursor(text)))
  after?: EventPosition | 'latest';

  @ApiProperty({ description: 'Events on a page', default: 100 })
  @Optional()
  @ToInteger()
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;

  @ApiProperty({ description: 'Events of these types alone, separated by commas', example: 'customer.deleted' })
  @Optional()
  @IsListOf(EVENT_TYPES)
  type?: EventType[];

  @ApiProperty({ description: 'Events of this customer alone', example: '550e8400-e29b-41d4-a716-446655440000' })
  @Optional()
  @ToLowerCase()
  @IsUuid()
  customer_id?: string;
}

/** Something that happened to a customer. */
export class EventDto {
  @ApiProperty({
    type: 'string',
    format: 'uuid',
    description: 'The same wherever the event is shown',
    example: '7d1c1a52-0c47-5c2f-9f1d-2f0a4b1f6a11',
  })
  id!: string;

  @ApiProperty({ type: 'string', enum: EVENT_TYPES, example: 'customer.updated' })
  type!: EventType;

  @ApiProperty({ type: 'string', format: 'date-time', example: '2024-02-20T14:15:00.000Z' })
  created_at!: string;

  @ApiProperty({ type: 'string', format: 'uuid', example: '550e8400-e29b-41d4-a716-446655440000' })
  customer_id!: string;

  @ApiProperty({ type: 'integer', description: 'Of a deletion, the last one', example: 7 })
  version!: number;

  @ApiProperty({
    ...CHANGES_SCHEMA,
    nullable: true,
    description: 'As in the history; null when the customer was deleted',
  } as object)
  changes!: Changes | null;

  @ApiProperty({ type: () => ActorDto })
  actor!: ActorDto;

  @ApiProperty({ type: 'string', nullable: true, description: 'X-Request-Id of the change; null for the command line' })
  request_id!: string | null;

  @ApiProperty({
    type: () => CustomerDto,
    nullable: true,
    description: 'As that version was; null when the customer was deleted',
  })
  customer!: CustomerDto | null;
}

/** A page of the feed, oldest event first. */
export class EventPageDto {
  @ApiProperty({ type: () => [EventDto] })
  data!: EventDto[];

  @ApiProperty({ type: 'string', description: 'What to send as `after` next time; always there' })
  next_cursor!: string;

  @ApiProperty({ type: 'boolean', description: 'Whether there is more at once' })
  has_more!: boolean;
}

export function toEventPageDto({ events, next, hasMore }: EventPage): EventPageDto {
  return { data: events.map(toEventDto), next_cursor: writeEventCursor(next), has_more: hasMore };
}

export function toEventDto(event: CustomerEvent): EventDto {
  const { id, type, created_at, customer_id, version, changes, request_id, customer } = event;
  return {
    id,
    type,
    created_at: created_at.toISOString(),
    customer_id,
    version,
    changes,
    actor: { type: event.actor_type, id: event.actor_id, name: event.actor_name },
    request_id,
    customer: customer && toCustomerDto(customer),
  };
}
