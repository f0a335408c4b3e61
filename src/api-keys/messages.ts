/** What the contract says of keys ("Authentication", "Errors"). */
export const MESSAGES = {
  missing: 'API key is required. Provide it via X-API-Key header or Authorization Bearer token.',
  invalid: 'Invalid API key',
  revoked: 'API key has been revoked',
  expired: 'API key has expired',
  unknownId: 'API key not found',
  limitReached: 'API key limit reached',
};
