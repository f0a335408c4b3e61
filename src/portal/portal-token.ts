import { generateSecret, isSecret } from '../api-keys/secret-format';

const PREFIX = 'ps_live_';

/** A new portal token: of the format of a key, but for its prefix. */
export function generateToken(): string {
  return generateSecret(PREFIX);
}

/** Whether a text has the shape and the checksum of a portal token. */
export function isToken(text: string): boolean {
  return isSecret(PREFIX, text);
}
