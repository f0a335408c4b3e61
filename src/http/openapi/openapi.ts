import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { Config } from '../../config/config';
import { defaultResponse, errorResponse } from './api-errors';
import { closeSchemas, describeDtos } from './dto-schemas';
import { ErrorDto, ProblemDto } from './error.dto';
import { publicPath, serverUrl } from '../public-url';
import { VERSION } from '../../version';

/** Provided by the application: what the document says beside its routes. */
export const API_DESCRIPTION = Symbol('API description');

export interface ApiDescription {
  title: string;
  /** In Markdown; `(PROBLEMS)` stands for the page of all errors. */
  description: string;
  contact: { name: string; url: string };
  license: { name: string; url: string };
  /** What the tags of routes mean, in their order. */
  tags: Record<string, string>;
  securitySchemes: Record<string, Parameters<DocumentBuilder['addSecurity']>[1]>;
  /** The security scheme of operations whose callers have a rate limit. */
  rateLimited: string;
  /** Requests that the service sends by itself. */
  webhooks: OpenAPIObject['webhooks'];
}

const REQUEST_ID = {
  description: "Names the request in logs; a client's own (1–128 of `A-Za-z0-9._-`) is kept",
  schema: { type: 'string' as const },
  example: '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f',
};

/** The OpenAPI 3.1 document of an application. */
export function createDocument(app: NestFastifyApplication): OpenAPIObject {
  const { publicUrl } = app.get(Config);
  const description = app.get<ApiDescription>(API_DESCRIPTION);
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(description.title)
    .setDescription(description.description.replace('(PROBLEMS)', `(${publicPath(publicUrl)}/problems)`))
    .setVersion(VERSION)
    .setLicense(description.license.name, description.license.url)
    .addServer(serverUrl(publicUrl), 'This server');
  for (const [name, meaning] of Object.entries(description.tags)) builder.addTag(name, meaning);
  for (const [name, scheme] of Object.entries(description.securitySchemes)) builder.addSecurity(name, scheme);
  const config = builder.build();
  config.info.contact = description.contact;
  describeDtos();
  const document = SwaggerModule.createDocument(app, config, { extraModels: [ErrorDto, ProblemDto] });
  if (description.webhooks) document.webhooks = description.webhooks;
  closeSchemas(document);
  completeOperations(document, description.rateLimited, publicUrl);
  return publicUrl ? (withPublicPaths(document, publicPath(publicUrl)) as OpenAPIObject) : document;
}

/** A copy in which the paths that examples name, such as that of a problem's page, are those that clients get. */
function withPublicPaths(value: unknown, publicPath: string): unknown {
  if (typeof value === 'string') return /^\/(api|problems)\//.test(value) ? publicPath + value : value;
  if (Array.isArray(value)) return value.map((item) => withPublicPaths(item, publicPath));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withPublicPaths(inner, publicPath)]));
}

/** What holds for every operation: the answers that any request can get, and nothing to be sent where nothing is asked for. */
function completeOperations(document: OpenAPIObject, rateLimited: string, publicUrl?: string): void {
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
    const hasLimit = operation.security.some((needed: object) => rateLimited in needed);
    if (hasLimit) operation.responses['429'] = { $ref: '#/components/responses/RateLimitExceeded' };
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
 * schema into requests: each request would be a dry run, with an old If-Match and the same Idempotency-Key as all others.
 */
function keepFromPrefilling(parameter: Parameter): void {
  const { required, description, schema } = parameter;
  if (required || schema === undefined) return;
  const [label, value] = schema.default === undefined ? ['Example', schema.example] : ['Default', schema.default];
  if (value !== undefined) parameter.description = `${description?.replace(/\.$/, '')}. ${label}: \`${String(value)}\``;
  delete schema.example;
  delete schema.default;
}
