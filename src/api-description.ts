import { KEY_HEADER, KEY_SCHEMES } from './api-keys/authenticated';
import type { ApiDescription } from './http/openapi/openapi';
import { PORTAL_SCHEMES } from './portal/portal.guard';
import { WEBHOOKS_DOCUMENT } from './webhooks/webhooks.openapi';

const DESCRIPTION = `Keeps the customers of virtual-office sellers.

Every request presents an API key, as \`X-API-Key: sk_live_…\` or as \`Authorization: Bearer sk_live_…\`, and sees the
customers of the key's seller only. A customer who is logged in to the portal presents the token of the session instead.
Every error has the same two members; with \`Accept: application/problem+json\` it is an RFC 9457 document that lists up
to 100 violations, whose \`type\` is a page: [all errors](PROBLEMS).

Every answer names its request in \`X-Request-Id\`, and tells in \`RateLimit\` how many more the seller may make. What any request can
meet, such as a body that is too large or a database that is away, is the \`default\` answer of every operation.`;

/** What the OpenAPI document says beside the routes of the features. */
export function describeApi(hasWebhooks: boolean): ApiDescription {
  return {
    title: 'Virtual Office Customers',
    description: DESCRIPTION,
    contact: { name: 'My Virtual Office', url: 'https://my-virtual-office.com' },
    license: { name: 'Proprietary', url: 'https://my-virtual-office.com' },
    tags: {
      Customers: 'The customers of a seller',
      Events: 'What happened to the customers of a seller',
      Webhooks: 'Where a seller is told of events, and what was sent there',
      Portal: 'Sessions in which a customer is logged in to the portal',
      'API keys': 'The keys of a seller: who may call',
      Account: 'Whose key it is',
      Health: 'Whether the service runs and can serve',
    },
    securitySchemes: { ...KEY_SCHEMES, ...PORTAL_SCHEMES },
    rateLimited: KEY_HEADER,
    webhooks: hasWebhooks ? WEBHOOKS_DOCUMENT : {},
  };
}
