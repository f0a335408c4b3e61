import { generateSecret, hashSecret, isSecret } from './secret-format';

const PREFIX = 'sk_live_';
const VISIBLE_LENGTH = PREFIX.length + 4;

/** A new secret key, in the format of the contract ("Authentication"). */
export function generateKey(): string {
  return generateSecret(PREFIX);
}

/** Whether a text has the shape and the checksum of a key. */
export function isKey(text: string): boolean {
  return isSecret(PREFIX, text);
}

/** SHA-256 of a key, all that is stored of it. */
export function hashKey(key: string): Buffer {
  return hashSecret(key);
}

/** The beginning of a key, by which people tell it from others. */
export function visiblePrefix(key: string): string {
  return key.slice(0, VISIBLE_LENGTH);
}
