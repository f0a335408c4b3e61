import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = BigInt(BASE62.length);
const RANDOM_LENGTH = 42;
const CHECKSUM_LENGTH = 6;
const AFTER_PREFIX = new RegExp(`^[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/**
 * A new secret after its prefix, in the format that the contract ("Authentication") gives to keys. It may begin with
 * something that it is to tell, for which it has so much less that is random.
 */
export function generateSecret(prefix: string, told = ''): string {
  const random = Array.from({ length: RANDOM_LENGTH - told.length }, () => BASE62[randomInt(BASE62.length)]);
  const body = prefix + told + random.join('');
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

function checksum(text: string): string {
  return toBase62(BigInt(crc32(text)), CHECKSUM_LENGTH);
}

/** Most significant digit first, padded with zeros. */
export function toBase62(number: bigint, length: number): string {
  let rest = number;
  let digits = '';
  for (let i = 0; i < length; i++) {
    digits = BASE62[Number(rest % BASE)] + digits;
    rest /= BASE;
  }
  return digits;
}

export function fromBase62(digits: string): bigint {
  return [...digits].reduce((number, digit) => number * BASE + BigInt(BASE62.indexOf(digit)), 0n);
}
