import { getSchemaPath } from '@nestjs/swagger';
import { CustomerDto } from '../customers/dto/customer.dto';
import { CHANGES_SCHEMA } from '../customers/history/history.dto';
import { EVENT_TYPES, type EventType } from '../events/event';
import { EventDto } from '../events/events.dto';

const SUMMARIES: Record<EventType, string> = {
  'customer.created': 'A customer was created',
  'customer.updated': 'A customer was changed',
  'customer.reverted': 'A customer was taken back to an earlier version',
  'customer.deleted': 'A customer was deleted',
};

const TEXT_HEADER = { in: 'header', required: true, schema: { type: 'string' } };

const PARAMETERS = [
  { ...TEXT_HEADER, name: 'webhook-id', description: 'The id of the event, the same with each attempt' },
  { ...TEXT_HEADER, name: 'webhook-timestamp', description: 'When this attempt was made, in seconds since 1970' },
  {
    ...TEXT_HEADER,
    name: 'webhook-signature',
    description: 'By Standard Webhooks 1.0: `v1,…`, two with a space between them while a rotated secret overlaps',
  },
];

const RESPONSES = {
  '2XX': { description: 'Received. Anything else, or nothing within 15 seconds, is a failure, and it is sent again' },
  '410': { description: 'Disables the webhook' },
};

/** What receivers of webhooks are sent, for the OpenAPI document. */
export const WEBHOOKS_DOCUMENT = Object.fromEntries([
  ...EVENT_TYPES.map((type) => [
    type,
    describe(type, SUMMARIES[type], {
      allOf: [{ $ref: getSchemaPath(EventDto) }, narrowed(type)],
      description: 'The event, as the feed shows it',
    }),
  ]),
  [
    'webhook.test',
    describe('webhook.test', 'Somebody tries the webhook', {
      type: 'object',
      required: ['id', 'type', 'created_at', 'webhook_id'],
      properties: {
        id: { type: 'string', format: 'uuid' },
        type: { type: 'string', enum: ['webhook.test'] },
        created_at: { type: 'string', format: 'date-time' },
        webhook_id: { type: 'string', format: 'uuid' },
      },
    }),
  ],
]);

/** What is certain of an event of this type. */
function narrowed(type: EventType) {
  const nothing = { changes: { type: 'null' }, customer: { type: 'null' } };
  const written = { changes: CHANGES_SCHEMA, customer: { $ref: getSchemaPath(CustomerDto) } };
  const others = type === 'customer.deleted' ? nothing : written;
  const properties = { type: { type: 'string', enum: [type] }, ...others };
  return { type: 'object', required: Object.keys(properties), properties };
}

function describe(type: string, summary: string, data: object) {
  const properties = {
    type: { type: 'string', enum: [type] },
    timestamp: { type: 'string', format: 'date-time', description: 'When it happened' },
    data,
  };
  const schema = { type: 'object', required: Object.keys(properties), properties };
  return {
    post: {
      operationId: `receive_${type.replace('.', '_')}`,
      tags: ['Webhooks'],
      summary,
      description: 'Sent to the `url` of each webhook that wants events of this type.',
      security: [],
      parameters: PARAMETERS,
      requestBody: { required: true, content: { 'application/json': { schema } } },
      responses: RESPONSES,
    },
  };
}
