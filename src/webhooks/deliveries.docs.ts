import { applyDecorators } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiParam } from '@nestjs/swagger';
import { ApiErrors, invalidBody } from '../http/api-errors';
import { UNKNOWN_DELIVERY } from './deliveries.service';
import { DeliveryDto, DeliveryListDto, TestResultDto } from './dto/delivery.dto';
import { ReplayDto } from './dto/deliveries.query';
import { WebhookDto } from './dto/webhook.dto';
import { MAY_NOT_MANAGE, UNKNOWN, WEBHOOK_ID } from './webhooks.docs';

const EVENT_ID = {
  name: 'event_id',
  description: 'The event, in any letter case',
  schema: { type: 'string' as const, format: 'uuid' },
  example: '7d1c1a52-0c47-5c2f-9f1d-2f0a4b1f6a11',
};

export function DescribeTestWebhook(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'testWebhook',
      summary: 'Try a webhook',
      description:
        'Sends a `webhook.test` event at once, also to a disabled webhook, and answers what the receiver said. It has ' +
        '15 seconds; a seller may have 3 tests under way.',
    }),
    ApiParam(WEBHOOK_ID),
    ApiOkResponse({ type: TestResultDto, description: 'What the receiver said' }),
    ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
  );
}

export function DescribeListDeliveries(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'listWebhookDeliveries',
      summary: 'List deliveries of a webhook',
      description:
        'Which events it was sent, or is to be sent, and what the receiver said to each attempt. Newest first; those that ' +
        'are over are kept for 30 days.',
    }),
    ApiParam(WEBHOOK_ID),
    ApiOkResponse({ type: DeliveryListDto, description: 'A part of the deliveries' }),
    ApiErrors(401, MAY_NOT_MANAGE, UNKNOWN),
  );
}

export function DescribeRetryDelivery(): MethodDecorator {
  return applyDecorators(
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
}

export function DescribeReplay(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'replayWebhook',
      summary: 'Send everything again',
      description:
        'All events after a place in the feed, as far as they are still there, whether they were sent or not.',
    }),
    ApiConsumes('application/json'),
    ApiParam(WEBHOOK_ID),
    ApiBody({ type: ReplayDto }),
    ApiAcceptedResponse({ type: WebhookDto, description: 'They will be sent' }),
    ApiErrors(invalidBody('format', 'must match format "cursor"', '/after'), 401, MAY_NOT_MANAGE, UNKNOWN),
  );
}
