import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';
import type { OwnError } from '../http/openapi/api-errors';
import { missingScopeMessage } from './api-keys.errors';
import type { Scope } from './scopes';

/** The name of a security scheme. An operation that has it also has a rate limit. */
export const KEY_HEADER = 'ApiKeyHeader';
const BEARER = 'BearerToken';

/** The two ways to send a key, for the OpenAPI document. */
export const KEY_SCHEMES = {
  [KEY_HEADER]: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'Paste the whole key: `sk_live_` and 48 letters and digits. It counts when both are sent.',
  },
  [BEARER]: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'sk_live_…',
    description: 'The same key as a bearer token, without the word Bearer',
  },
} as const;

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined when there is no such row, or it was not read. */
    preloadedRow?: object | undefined;
  }
}

export const AUTH_REQUIREMENT = Symbol('auth requirement');

/** What a route asks of its caller: nothing, any valid key, or a key with a scope. */
export type AuthRequirement = 'nothing' | 'key' | Scope;

/**
 * Opens a route to holders of a key (with a scope, if one is named), and says so in the OpenAPI document: the scope as an
 * extension, since linters know only scopes of OAuth 2.
 */
export function Authenticated(needs: Exclude<AuthRequirement, 'nothing'> = 'key'): MethodDecorator & ClassDecorator {
  const decorators = [SetMetadata(AUTH_REQUIREMENT, needs), ApiSecurity(KEY_HEADER), ApiSecurity(BEARER)];
  return applyDecorators(...decorators, ...(needs === 'key' ? [] : [ApiExtension('x-required-scope', needs)]));
}

/** The 403 of a route that needs a scope, and perhaps something else as well. */
export function missingScope(scope: Scope, or = ''): OwnError {
  return { status: 403, description: `The key lacks the scope ${scope}${or}`, message: missingScopeMessage(scope) };
}

/** A table with the rows of sellers. */
export interface SellersTable {
  table: string;
  columns: readonly string[];
}

const tablesOfHandlers = new WeakMap<object, SellersTable>();

/**
 * For a request that comes alone, reads the key and the row that its path names by `id` with one statement; the handler finds
 * the row in `request.preloadedRow`. Requests that come together share one look-up of their keys instead: the row is then
 * undefined, and the handler reads it.
 */
export function PreloadsRow(table: SellersTable): MethodDecorator {
  return (_target, _name, { value }) => void tablesOfHandlers.set(value as object, table);
}

export function preloadedTableOf(handler: object): SellersTable | undefined {
  return tablesOfHandlers.get(handler);
}

/** Opens a route to requests without a key. Without this or `Authenticated`, the guard refuses every request. */
export function Public(): MethodDecorator & ClassDecorator {
  return SetMetadata(AUTH_REQUIREMENT, 'nothing' satisfies AuthRequirement);
}
