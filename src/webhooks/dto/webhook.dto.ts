import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsIn,
  IsInt,
  IsString,
  Max,
  Min,
  ValidateBy,
} from 'class-validator';
import { EVENT_TYPES } from '../../events/event';
import {
  AreDifferentTexts,
  ForText,
  IsText,
  IsWellFormed,
  MaxCharacters,
  Optional,
} from '../../http/validation/decorators';
import { RequestDto } from '../../http/validation/fields';
import type { Rule } from '../../http/validation/rules';
import { ALL_TYPES, type Webhook, WEBHOOK_STATUSES, type WebhookStatus } from '../webhook.entity';
import type { WebhookWithSecret } from '../webhooks.service';

const MAX_URL = 2048;

export const HTTPS_REQUIRED = 'must match pattern "^https://"';
export const PUBLIC_REQUIRED = 'must match format "uri" with a public host';

/** Schemes are case-insensitive (RFC 3986, section 3.1). */
export function isHttps(url: string): boolean {
  return /^https:\/\//i.test(url);
}

/** Only the service knows whether http is allowed. */
function IsHttpUrl(): PropertyDecorator {
  const schema = { pattern: '^[Hh][Tt][Tt][Pp][Ss]://' };
  const rule: Rule = { code: 'pattern', sentence: HTTPS_REQUIRED, schema };
  return ForText('isHttpUrl', (text) => /^https?:\/\//i.test(text), [], { context: rule });
}

/** An address to send to. */
function IsReceiverUrl(): PropertyDecorator {
  const sentence = 'must match format "uri" without credentials and fragment';
  const rule: Rule = { code: 'format', sentence, schema: { format: 'uri' } };
  return ForText('isReceiverUrl', isReceiverUrl, [], { context: rule });
}

function isReceiverUrl(text: string): boolean {
  if (/[\s#\\]/.test(text) || !URL.canParse(text)) return false;
  const [, authority = ''] = /^\w+:\/\/([^/?]*)/.exec(text) ?? [];
  // Refuses even empty credentials, and port 0.
  return !authority.includes('@') && new URL(text).port !== '0';
}

/** `*` must be the only item. */
function WildcardStandsAlone(): PropertyDecorator {
  const schema = { if: { contains: { const: ALL_TYPES } }, then: { maxItems: 1 } };
  const rule: Rule = { code: 'max_items', sentence: 'must NOT have more than 1 items with "*"', schema };
  const validate = (list: unknown) => !Array.isArray(list) || list.length === 1 || !list.includes(ALL_TYPES);
  return ValidateBy({ name: 'wildcardStandsAlone', validator: { validate } }, { context: rule });
}

const WEEK = 7 * 24 * 60 * 60;
export const DEFAULT_OVERLAP_SECONDS = 24 * 60 * 60;

const TYPES = [...EVENT_TYPES, ALL_TYPES];

/** What to change of a webhook. */
@RequestDto({ minProperties: 1 })
export class UpdateWebhookDto {
  @ApiProperty({
    description:
      'Where to send events: https, without credentials and fragment. Only public addresses are connected to: ' +
      'others are refused, as is `localhost`; what a name stands for shows with the first request, such as that of `/test`',
    example: 'https://crm.example.com/hooks/customers',
  })
  @Optional()
  @IsString()
  @MaxCharacters(MAX_URL)
  @IsHttpUrl()
  @IsReceiverUrl()
  @IsWellFormed()
  url?: string;

  @ApiProperty({
    description: 'Which events to send; `*` alone for all, of types that are yet to come, too',
    example: ['customer.updated', 'customer.deleted'],
  })
  @Optional()
  @IsArray()
  @ArrayMaxSize(TYPES.length)
  @ArrayMinSize(1)
  @WildcardStandsAlone()
  @AreDifferentTexts()
  @IsString({ each: true })
  @IsIn(TYPES, { each: true })
  event_types?: Webhook['event_types'];

  @ApiProperty({ description: 'What it is for', example: 'The CRM' })
  @Optional({ nullable: true })
  @IsString()
  @IsText({ maxLength: 200 })
  description?: string | null;

  @ApiProperty({
    description: 'A disabled webhook is sent nothing; enabled again, it is sent what has happened since',
    example: 'enabled',
  })
  @Optional()
  @IsString()
  @IsIn(WEBHOOK_STATUSES)
  @IsWellFormed()
  status?: WebhookStatus;
}

/** A new webhook: the members of a change, of which one is required. */
@RequestDto()
export class CreateWebhookDto extends UpdateWebhookDto {
  @IsDefined()
  override url!: string;

  @ApiProperty({ default: [ALL_TYPES] })
  override event_types?: Webhook['event_types'];
}

/** How to rotate a secret. */
@RequestDto()
export class RotateSecretDto {
  @ApiProperty({
    description: 'How long messages are signed with both secrets',
    example: 3600,
    default: DEFAULT_OVERLAP_SECONDS,
  })
  @Optional()
  @IsInt()
  @Min(0)
  @Max(WEEK)
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
    description:
      'The service disables a webhook whose receiver answers 410, or fails for five days. A success, also of a test, a new ' +
      '`url`, enabling it again and five days without a failure restart the count',
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
