import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { EVENT_TYPES } from '../../events/event';
import { SetOf } from '../../http/validation/list-rules';
import { hasAtMost, isWellFormed, member, type MemberOptions, rule, textRule } from '../../http/validation/member';
import { MinProperties } from '../../http/validation/members';
import { Integer, OneOf, Text } from '../../http/validation/rules';
import { ALL_TYPES, type Webhook, WEBHOOK_STATUSES, type WebhookStatus } from '../webhook.entity';
import type { WebhookWithSecret } from '../webhooks.service';

const MAX_URL = 2048;

export const HTTPS_ALONE = 'must match pattern "^https://"';

/** The address of a receiver. Only the service knows whether http is allowed. */
export function ReceiverUrl(options: MemberOptions): PropertyDecorator {
  const isHttp = (text: string) => /^https?:\/\//.test(text);
  const format = 'must match format "uri" without credentials and fragment';
  return member(
    options,
    { type: 'string', format: 'uri', maxLength: MAX_URL, pattern: '^https://' },
    IsString(rule('must be string', { code: 'type' })),
    hasAtMost(MAX_URL),
    textRule('isHttp', isHttp, rule(HTTPS_ALONE, { code: 'pattern' })),
    textRule('isReceiverUrl', isReceiverUrl, rule(format, { code: 'format' })),
    isWellFormed(),
  );
}

function isReceiverUrl(text: string): boolean {
  if (/[\s#]/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

const WEEK = 7 * 24 * 60 * 60;
export const DEFAULT_OVERLAP_SECONDS = 24 * 60 * 60;

const URL_OPTIONS = {
  description: 'Where to send events: https, without credentials and fragment',
  example: 'https://crm.example.com/hooks/customers',
};
const TYPES = [...EVENT_TYPES, ALL_TYPES];
const TYPES_OPTIONS = {
  description: 'Which events to send; `*` for all, of types that are yet to come, too',
  example: ['customer.updated', 'customer.deleted'],
};
const DESCRIPTION_OPTIONS = { max: 200, nullable: true, description: 'What it is for', example: 'The CRM' };
const STATUS_OPTIONS = {
  description: 'A disabled webhook is sent nothing; enabled again, it is sent what has happened since',
  example: 'enabled',
};

/** A new webhook. */
export class CreateWebhookDto {
  @ReceiverUrl({ ...URL_OPTIONS, required: true })
  url!: string;

  @SetOf(TYPES, { ...TYPES_OPTIONS, default: [ALL_TYPES] })
  event_types?: Webhook['event_types'];

  @Text(DESCRIPTION_OPTIONS)
  description?: string | null;

  @OneOf(WEBHOOK_STATUSES, STATUS_OPTIONS)
  status?: WebhookStatus;
}

/** What to change of a webhook. */
@MinProperties(1)
export class UpdateWebhookDto {
  @ReceiverUrl(URL_OPTIONS)
  url?: string;

  @SetOf(TYPES, TYPES_OPTIONS)
  event_types?: Webhook['event_types'];

  @Text(DESCRIPTION_OPTIONS)
  description?: string | null;

  @OneOf(WEBHOOK_STATUSES, STATUS_OPTIONS)
  status?: WebhookStatus;
}

/** How to rotate a secret. */
export class RotateSecretDto {
  @Integer({
    min: 0,
    max: WEEK,
    default: DEFAULT_OVERLAP_SECONDS,
    description: 'How long messages are signed with both secrets',
    example: 3600,
  })
  overlap_seconds?: number;
}

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
