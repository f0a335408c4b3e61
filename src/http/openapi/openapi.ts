import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { Config } from '../../config/config';
import { defaultResponse, errorResponse } from './api-errors';
import { ErrorDto, ProblemDto } from './error.dto';
import { publicPath, serverUrl } from '../public-url';
import { requestDtos } from '../validation/fields';
import { closingKeywords, describeDtos } from '../validation/schema';
import { VERSION } from '../version';

/** The names of the two ways to send a key. */
export const KEY_HEADER = 'ApiKeyHeader';
export const BEARER = 'BearerToken';

/** Provided by the application: the requests that it sends by itself. */
export const OPENAPI_WEBHOOKS = Symbol('OpenAPI webhooks');

/** The name of the way to send the token of a portal session. */
export const PORTAL_TOKEN = 'PortalToken';

const DESCRIPTION = `Keeps the customers of virtual-office sellers.

Every request presents an API key, as \`X-API-Key: sk_live_…\` or as \`Authorization: Bearer sk_live_…\`, and sees the
customers of the key's seller only. A customer who is logged in to the portal presents the token of the session instead.
Every error has the same two members; with \`Accept: application/problem+json\` it is an RFC 9457 document that lists up
to 100 violations, whose \`type\` is a page: [all errors](PROBLEMS).

Every answer names its request in \`X-Request-Id\`, and tells in \`RateLimit\` how many more the seller may make. What any request can
meet, such as a body that is too large or a database that is away, is the \`default\` answer of every operation.`;

const REQUEST_ID = {
  description: "Names the request in logs; a client's own (1–128 of `A-Za-z0-9._-`) is kept",
  schema: { type: 'string' as const },
  example: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f',
};

/** The OpenAPI 3.1 document of an application. */
export function createDocument(app: NestFastifyApplication): OpenAPIObject {
  const { publicUrl } = app.get(Config);
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Virtual Office Customers')
    .setDescription(DESCRIPTION.replace('(PROBLEMS)', `(${publicPath(publicUrl)}/problems)`))
    .setVersion(VERSION)
    .setLicense('Proprietary', 'https://my-virtual-office.com')
    .addServer(serverUrl(publicUrl), 'This server')
    .addTag('Customers', 'The customers of a seller')
    .addTag('Events', 'What happened to the customers of a seller')
    .addTag('Webhooks', 'Where a seller is told of events, and what was sent there')
    .addTag('Portal', 'Sessions in which a customer is logged in to the portal')
    .addTag('API keys', 'The keys of a seller: who may call')
    .addTag('Account', 'Whose key it is')
    .addTag('Health', 'Whether the service runs and can serve')
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: 'X-API-Key',
        description: 'Paste the whole key: `sk_live_` and 48 letters and digits. It counts when both are sent.',
      },
      KEY_HEADER,
    )
    .addSecurity(BEARER, {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'sk_live_…',
      description: 'The same key as a bearer token, without the word Bearer',
    })
    .addSecurity(PORTAL_TOKEN, {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'ps_live_…',
      description: 'The token of a portal session',
    })
    .build();
  config.info.contact = { name: 'My Virtual Office', url: 'https://my-virtual-office.com' };
  describeDtos();
  const document = SwaggerModule.createDocument(app, config, { extraModels: [ErrorDto, ProblemDto] });
  document.webhooks = app.get(OPENAPI_WEBHOOKS);
  closeSchemas(document);
  completeOperations(document, publicUrl);
  return publicUrl ? (withPublicPaths(document, publicPath(publicUrl)) as OpenAPIObject) : document;
}

/** A copy in which the paths that examples name, such as that of a problem's page, are those that clients get. */
function withPublicPaths(value: unknown, publicPath: string): unknown {
  if (typeof value === 'string') return /^\/(api|problems)\//.test(value) ? publicPath + value : value;
  if (Array.isArray(value)) return value.map((item) => withPublicPaths(item, publicPath));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withPublicPaths(inner, publicPath)]));
}

/** What the pipe refuses beside the members' own rules. */
function closeSchemas({ components }: OpenAPIObject): void {
  for (const type of requestDtos()) {
    const schema = components?.schemas?.[type.name];
    if (schema) Object.assign(schema, closingKeywords(type));
  }
}

/** What holds for every operation: the answers that any request can get, and no key needed where none is asked for. */
function completeOperations(document: OpenAPIObject, publicUrl?: string): void {
  const { headers, ...common } = defaultResponse(publicPath(publicUrl));
  document.components = {
    ...document.components,
    headers: { 'X-Request-Id': REQUEST_ID },
    responses: {
      Error: { ...common, headers: { ...headers, 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } } },
      RateLimitExceeded: errorResponse({ status: 429 }),
    },
  };
  for (const operation of Object.values(document.paths).flatMap(Object.values)) {
    operation.security ??= [];
    operation.parameters?.forEach(keepFromPrefilling);
    const takesKey = operation.security.some((needed: object) => KEY_HEADER in needed);
    if (takesKey) operation.responses['429'] = { $ref: '#/components/responses/RateLimitExceeded' };
    operation.responses.default = { $ref: '#/components/responses/Error' };
  }
}

interface Parameter {
  required?: boolean;
  description?: string;
  schema?: { example?: unknown; default?: unknown };
}

/**
 * Moves the example or the default of an optional parameter into its description. Documentation pages copy examples from the
 * schema into requests: each request would be a dry run, with an old If-Match and the same Idempotency-Key for everybody.
 */
function keepFromPrefilling(parameter: Parameter): void {
  const { required, description, schema } = parameter;
  if (required || schema === undefined) return;
  const [label, value] = schema.default === undefined ? ['Example', schema.example] : ['Default', schema.default];
  if (value !== undefined) parameter.description = `${description?.replace(/\.$/, '')}. ${label}: \`${String(value)}\``;
  delete schema.example;
  delete schema.default;
}
