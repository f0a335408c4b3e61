import { EVENT_TYPES } from '../../events/event';
import { SetOf } from '../../http/validation/list-rules';
import { MinProperties } from '../../http/validation/members';
import { Integer, OneOf, Text } from '../../http/validation/rules';
import { ALL_TYPES, type Webhook, WEBHOOK_STATUSES, type WebhookStatus } from '../webhook.entity';
import { ReceiverUrl } from './url';

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
