import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
} from '@nestjs/swagger';
import { ApiErrors, invalidBody, missingScope, NO_STORE } from '../http/api-errors';
import { WebhookDto, WebhookListDto, WebhookWithSecretDto } from './dto/webhook.dto';
import { CreateWebhookDto, RotateSecretDto, UpdateWebhookDto } from './dto/webhook-members.dto';
import { LIMIT_REACHED, UNKNOWN_WEBHOOK } from './webhooks.service';

export const WEBHOOK_ID = {
  name: 'id',
  description: 'The webhook, in any letter case',
  schema: { type: 'string' as const, format: 'uuid' },
  example: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f',
};

export const MAY_NOT_MANAGE = missingScope('webhooks:manage');
export const UNKNOWN = { status: 404, description: "Unknown, or another seller's", message: UNKNOWN_WEBHOOK };
const INVALID_URL = invalidBody('pattern', 'must match pattern "^https://"', '/url');
const TOO_MANY = {
  status: 409,
  description: 'The seller has 20 webhooks',
  message: LIMIT_REACHED,
  type: 'conflict' as const,
};

export function DescribeListWebhooks(): MethodDecorator {
  return applyDecorators(
    ApiOperation({ operationId: 'listWebhooks', summary: 'List webhooks', description: 'At most 20, newest first.' }),
    ApiOkResponse({ type: WebhookListDto, description: 'All webhooks of the seller' }),
    ApiErrors(401, MAY_NOT_MANAGE),
  );
}

export function DescribeCreateWebhook(): MethodDecorator {
  return applyDecorators(
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
}

export function DescribeGetWebhook(): MethodDecorator {
  return applyDecorators(
    ApiOperation({ operationId: 'getWebhook', summary: 'Read a webhook', description: 'All but its secret.' }),
    ApiParam(WEBHOOK_ID),
    ApiOkResponse({ type: WebhookDto, description: 'The webhook' }),
    ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
  );
}

export function DescribeUpdateWebhook(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'updateWebhook',
      summary: 'Update a webhook',
      description:
        'Changes the members that are sent. What has not been delivered yet goes to the new address. A webhook that is ' +
        'enabled again is sent what has happened while it was disabled.',
    }),
    ApiConsumes('application/json'),
    ApiParam(WEBHOOK_ID),
    ApiBody({ type: UpdateWebhookDto, examples: { Enable: { value: { status: 'enabled' } } } }),
    ApiOkResponse({ type: WebhookDto, description: 'The webhook as it is now' }),
    ApiErrors(INVALID_URL, 401, MAY_NOT_MANAGE, UNKNOWN),
  );
}

export function DescribeDeleteWebhook(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'deleteWebhook',
      summary: 'Delete a webhook',
      description: 'Nothing more is sent to it, also of what has happened before.',
    }),
    ApiParam(WEBHOOK_ID),
    ApiNoContentResponse({ description: 'The webhook is gone' }),
    ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
  );
}

export function DescribeRotateSecret(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'rotateWebhookSecret',
      summary: 'Rotate the secret of a webhook',
      description:
        'Gives it a new secret, which only this answer shows. For a day, or as long as the body says, messages have two ' +
        'signatures, so that receivers can change over at any time.',
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
}
