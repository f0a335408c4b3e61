import { ApiProperty } from '@nestjs/swagger';
import { EVENT_TYPES } from '../../events/event';
import { ALL_TYPES, type Webhook, WEBHOOK_STATUSES, type WebhookStatus } from '../webhook.entity';
import type { WebhookWithSecret } from '../webhooks.service';

const TIMESTAMP = { type: 'string' as const, format: 'date-time', example: '2024-01-15T10:30:00.000Z' };

/** A webhook as answers show it. */
export class WebhookDto {
  @ApiProperty({ type: 'string', format: 'uuid', example: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f' })
  id!: string;

  @ApiProperty({ type: 'string', format: 'uri', example: 'https://crm.example.com/hooks/customers' })
  url!: string;

  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: [...EVENT_TYPES, ALL_TYPES] },
    example: ['customer.updated', 'customer.deleted'],
  })
  event_types!: Webhook['event_types'];

  @ApiProperty({ type: 'string', nullable: true, example: 'The CRM' })
  description!: string | null;

  @ApiProperty({
    type: 'string',
    enum: WEBHOOK_STATUSES,
    description: 'The service disables a webhook whose receiver answers 410, or fails for five days',
    example: 'enabled',
  })
  status!: WebhookStatus;

  @ApiProperty(TIMESTAMP)
  created_at!: string;

  @ApiProperty(TIMESTAMP)
  updated_at!: string;
}

export class WebhookListDto {
  @ApiProperty({ type: [WebhookDto], description: 'All of them, newest first' })
  data!: WebhookDto[];
}

/** A webhook with the secret that it has just been given. */
export class WebhookWithSecretDto extends WebhookDto {
  @ApiProperty({
    type: 'string',
    description: 'With which messages are signed; shown only in this answer',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
  })
  secret!: string;
}

export function toWebhookDto(webhook: Webhook): WebhookDto {
  const { id, url, event_types, description, status, created_at, updated_at } = webhook;
  const times = { created_at: created_at.toISOString(), updated_at: updated_at.toISOString() };
  return { id, url, event_types, description, status, ...times };
}

export function toWebhookWithSecretDto({ webhook, secret }: WebhookWithSecret): WebhookWithSecretDto {
  return { ...toWebhookDto(webhook), secret };
}
