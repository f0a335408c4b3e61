import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString } from 'class-validator';
import { type EventPosition, EVENT_TYPES, type EventType, readEventCursor } from '../../events/event';
import { readCursor, writeCursor } from '../../http/cursor';
import { PageQuery } from '../../http/page.query';
import { IsCursor, Optional } from '../../http/validation/decorators';
import { RequestDto } from '../../http/validation/fields';
import type { DeliveryPage } from '../deliveries.repository';
import { DELIVERY_STATUSES, type DeliveryStatus, type WebhookDelivery } from '../webhook.entity';

/** Which deliveries to list. */
@RequestDto()
export class DeliveriesQuery extends PageQuery('Deliveries', readCursor) {
  @ApiProperty({ description: 'Deliveries with this status alone', example: 'failed' })
  @Optional()
  @IsIn(DELIVERY_STATUSES)
  status?: DeliveryStatus;
}

/** Where a replay starts. */
@RequestDto()
export class ReplayDto {
  @ApiProperty({
    description: 'A `next_cursor` of the feed of events',
    example: 'MDowMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA6MA',
  })
  @IsString()
  @IsCursor(readEventCursor)
  after!: string;
}

export function toPosition({ after }: ReplayDto): EventPosition {
  return readEventCursor(after) as EventPosition;
}

const EXAMPLE_TIME = '2024-02-20T14:15:00.000Z';

/** How a receiver answered a test. */
export class TestResultDto {
  @ApiProperty({ type: 'integer', nullable: true, description: 'Null when there was no answer', example: 200 })
  status_code!: number | null;

  @ApiProperty({ type: 'integer', example: 87 })
  duration_ms!: number;

  @ApiProperty({ type: 'string', nullable: true, description: 'Why it is no success', example: null })
  error!: string | null;
}

/** One request to a receiver. */
export class AttemptDto extends TestResultDto {
  @ApiProperty({ type: 'string', format: 'date-time', example: EXAMPLE_TIME })
  attempted_at!: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'The first kilobyte of the answer; null once the customer is being deleted',
    example: 'OK',
  })
  response!: string | null;
}

/** An event that was, or is to be, sent to a webhook. */
export class DeliveryDto {
  @ApiProperty({ type: 'string', format: 'uuid', example: '7d1c1a52-0c47-5c2f-9f1d-2f0a4b1f6a11' })
  event_id!: string;

  @ApiProperty({ type: 'string', enum: EVENT_TYPES, example: 'customer.updated' })
  event_type!: EventType;

  @ApiProperty({ type: 'string', format: 'uuid', example: '550e8400-e29b-41d4-a716-446655440000' })
  customer_id!: string;

  @ApiProperty({ type: 'string', enum: DELIVERY_STATUSES, example: 'succeeded' })
  status!: DeliveryStatus;

  @ApiProperty({ type: 'string', format: 'date-time', example: EXAMPLE_TIME })
  created_at!: string;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'When it will be sent again at the latest; null when it will not',
    example: null,
  })
  next_attempt_at!: string | null;

  @ApiProperty({ type: [AttemptDto], description: 'The last 20, oldest first' })
  attempts!: AttemptDto[];
}

export class DeliveryListDto {
  @ApiProperty({ type: [DeliveryDto], description: 'Newest first' })
  data!: DeliveryDto[];

  @ApiProperty({ type: 'string', nullable: true, description: '`cursor` of the next page; null on the last one' })
  next_cursor!: string | null;
}

export function toDeliveryDto(delivery: WebhookDelivery): DeliveryDto {
  const { event_id, event_type, customer_id, status, created_at, next_attempt_at, attempts } = delivery;
  return {
    event_id,
    event_type,
    customer_id,
    status,
    created_at: created_at.toISOString(),
    next_attempt_at: status === 'pending' ? next_attempt_at.toISOString() : null,
    attempts: attempts.map(({ attempted_at, status_code, duration_ms, error, response }) => {
      return { status_code, duration_ms, error, attempted_at, response };
    }),
  };
}

export function toDeliveryListDto({ deliveries, next }: DeliveryPage): DeliveryListDto {
  return { data: deliveries.map(toDeliveryDto), next_cursor: next && writeCursor(next) };
}
