/** What a key may be allowed to do. */
export const SCOPES = ['customers:read', 'customers:write', 'api_keys:manage', 'webhooks:manage'] as const;
export type Scope = (typeof SCOPES)[number];

/** The scopes of a key that was created without any (contract, "Authentication"). */
export const DEFAULT_SCOPES: Scope[] = ['customers:read', 'customers:write'];
