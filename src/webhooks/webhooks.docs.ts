import { applyDecorators } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
} from '@nestjs/swagger';
import { missingScope } from '../api-keys/authenticated';
import { ApiErrors, invalidBody, NO_STORE } from '../http/openapi/api-errors';
import { UNKNOWN_DELIVERY } from './deliveries.service';
import { DeliveryDto, DeliveryListDto, ReplayDto, TestResultDto } from './dto/delivery.dto';
import {
  CreateWebhookDto,
  RotateSecretDto,
  UpdateWebhookDto,
  WebhookDto,
  WebhookListDto,
  WebhookWithSecretDto,
} from './dto/webhook.dto';
import { LIMIT_REACHED, UNKNOWN_WEBHOOK } from './webhooks.service';

const WEBHOOK_ID = {
  name: 'id',
  description: 'The webhook, in any letter case',
  schema: { type: 'string' as const, format: 'uuid' },
  example: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f',
};

const MAY_NOT_MANAGE = missingScope('webhooks:manage');
const UNKNOWN = { status: 404, description: "Unknown, or another seller's", message: UNKNOWN_WEBHOOK };
const INVALID_URL = invalidBody('pattern', 'must match pattern "^https://"', '/url');
const TOO_MANY = {
  status: 409,
  description: 'The seller has 20 webhooks',
  message: LIMIT_REACHED,
};

export const DescribeListWebhooks = applyDecorators(
  ApiOperation({ operationId: 'listWebhooks', summary: 'List webhooks', description: 'At most 20, newest first.' }),
  ApiOkResponse({ type: WebhookListDto, description: 'All webhooks of the seller' }),
  ApiErrors(401, MAY_NOT_MANAGE),
);

export const DescribeCreateWebhook = applyDecorators(
  ApiOperation({
    operationId: 'createWebhook',
    summary: 'Create a webhook',
    description:
      'From now on the receiver is sent what happens to customers, as in the feed of events, signed by Standard ' +
      'Webhooks 1.0 with the secret that only this answer shows. Every event comes at least once, not always in order. A ' +
      'seller has at most 20 webhooks.',
  }),
  ApiConsumes('application/json'),
  ApiBody({
    type: CreateWebhookDto,
    examples: {
      'All events': { value: { url: 'https://crm.example.com/hooks/customers' } },
      'Deletions alone': {
        value: { url: 'https://crm.example.com/hooks/gone', event_types: ['customer.deleted'] },
      },
    },
  }),
  ApiCreatedResponse({
    type: WebhookWithSecretDto,
    description: 'The new webhook, with its secret',
    headers: {
      ...NO_STORE,
      Location: {
        description: 'Path of the new webhook',
        schema: { type: 'string' },
        example: '/api/webhooks/0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f',
      },
    },
  }),
  ApiErrors(INVALID_URL, 401, MAY_NOT_MANAGE, TOO_MANY),
);

export const DescribeGetWebhook = applyDecorators(
  ApiOperation({ operationId: 'getWebhook', summary: 'Read a webhook', description: 'All but its secret.' }),
  ApiParam(WEBHOOK_ID),
  ApiOkResponse({ type: WebhookDto, description: 'The webhook' }),
  ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
);

export const DescribeUpdateWebhook = applyDecorators(
  ApiOperation({
    operationId: 'updateWebhook',
    summary: 'Update a webhook',
    description:
      'Changes the members that are sent. Deliveries that are pending go to the new address, also those of types that are ' +
      'no longer wanted. A webhook that is enabled again is sent what has happened while it was disabled.',
  }),
  ApiConsumes('application/json'),
  ApiParam(WEBHOOK_ID),
  ApiBody({ type: UpdateWebhookDto, examples: { Enable: { value: { status: 'enabled' } } } }),
  ApiOkResponse({ type: WebhookDto, description: 'The webhook as it is now' }),
  ApiErrors(INVALID_URL, 401, MAY_NOT_MANAGE, UNKNOWN),
);

export const DescribeDeleteWebhook = applyDecorators(
  ApiOperation({
    operationId: 'deleteWebhook',
    summary: 'Delete a webhook',
    description: 'Nothing more is sent to it, also of what has happened before.',
  }),
  ApiParam(WEBHOOK_ID),
  ApiNoContentResponse({ description: 'The webhook is gone' }),
  ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
);

export const DescribeRotateSecret = applyDecorators(
  ApiOperation({
    operationId: 'rotateWebhookSecret',
    summary: 'Rotate the secret of a webhook',
    description:
      'Gives it a new secret, which only this answer shows. For a day, or as long as the body says, messages have two ' +
      'signatures, so that receivers can change over at any time. Two at most: another rotation before the end ends the ' +
      'overlap of the first secret, and only the last two are valid.',
  }),
  ApiConsumes('application/json'),
  ApiParam(WEBHOOK_ID),
  ApiBody({
    type: RotateSecretDto,
    required: false,
    examples: { 'Sign with both for an hour': { value: { overlap_seconds: 3600 } } },
  }),
  ApiCreatedResponse({ type: WebhookWithSecretDto, description: 'The new secret', headers: NO_STORE }),
  ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
);

const EVENT_ID = {
  name: 'event_id',
  description: 'The event, in any letter case',
  schema: { type: 'string' as const, format: 'uuid' },
  example: '7d1c1a52-0c47-5c2f-9f1d-2f0a4b1f6a11',
};

export const DescribeTestWebhook = applyDecorators(
  ApiOperation({
    operationId: 'testWebhook',
    summary: 'Try a webhook',
    description:
      'Sends a `webhook.test` event at once, also to a disabled webhook, and answers what the receiver said. It has ' +
      '15 seconds; a seller may have 3 tests under way, and a further one gets 429.',
  }),
  ApiParam(WEBHOOK_ID),
  ApiOkResponse({ type: TestResultDto, description: 'What the receiver said' }),
  ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
);

export const DescribeListDeliveries = applyDecorators(
  ApiOperation({
    operationId: 'listWebhookDeliveries',
    summary: 'List deliveries of a webhook',
    description:
      'Which events it was sent, or is to be sent, and what the receiver said to each attempt. Newest first; those that ' +
      'are over are kept for 30 days. A page may hold fewer than `limit`, or none, and yet lead on to another.',
  }),
  ApiParam(WEBHOOK_ID),
  ApiOkResponse({ type: DeliveryListDto, description: 'A part of the deliveries' }),
  ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
);

export const DescribeRetryDelivery = applyDecorators(
  ApiOperation({
    operationId: 'retryWebhookDelivery',
    summary: 'Send an event again',
    description: 'As soon as the webhook is enabled, and with all attempts that a new event has. Takes no body.',
  }),
  ApiParam(WEBHOOK_ID),
  ApiParam(EVENT_ID),
  ApiAcceptedResponse({ type: DeliveryDto, description: 'It will be sent' }),
  ApiErrors(401, MAY_NOT_MANAGE, {
    ...UNKNOWN,
    description: 'The webhook is unknown, or has no such delivery',
    message: UNKNOWN_DELIVERY,
  }),
);

export const DescribeReplay = applyDecorators(
  ApiOperation({
    operationId: 'replayWebhook',
    summary: 'Send everything again',
    description: 'All events after a place in the feed, as far as they are still there, whether they were sent or not.',
  }),
  ApiConsumes('application/json'),
  ApiParam(WEBHOOK_ID),
  ApiBody({ type: ReplayDto }),
  ApiAcceptedResponse({ type: WebhookDto, description: 'They will be sent' }),
  ApiErrors(invalidBody('format', 'must match format "cursor"', '/after'), 401, MAY_NOT_MANAGE, UNKNOWN),
);
