import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 42;
const CHECKSUM_LENGTH = 6;
const AFTER_PREFIX = new RegExp(`^[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/** A new secret after its prefix, in the format that the contract ("Authentication") gives to keys. */
export function generateSecret(prefix: string): string {
  const random = Array.from({ length: RANDOM_LENGTH }, () => BASE62[randomInt(BASE62.length)]);
  const body = prefix + random.join('');
  return body + checksum(body);
}

/**
 * Whether a text has the shape and the checksum of a secret with this prefix: a typo needs no look-up to be refused. The
 * checksum is no secret, as it follows from the text itself, so the time of its comparison says nothing.
 */
export function isSecret(prefix: string, text: string): boolean {
  if (!text.startsWith(prefix) || !AFTER_PREFIX.test(text.slice(prefix.length))) return false;
  return text.endsWith(checksum(text.slice(0, -CHECKSUM_LENGTH)));
}

/**
 * SHA-256 of a secret, all that is stored of it. Its 250 random bits need no salt and no slow hash.
 *
 * A secret is found by this hash and never compared itself. The time that an index takes may depend on how much of the
 * hash of a guess is right, but nobody can choose guesses by their hash, so a comparison in constant time would add nothing.
 */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** CRC-32 in base62, most significant digit first. */
function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = BASE62[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
