import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const KEY_PREFIX = 'sk_live_';
const VISIBLE_LENGTH = KEY_PREFIX.length + 4;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = BigInt(BASE62.length);
const RANDOM_LENGTH = 42;
const CHECKSUM_LENGTH = 6;
const AFTER_PREFIX = new RegExp(`^[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/** A new secret key of a seller. */
export function generateKey(): string {
  return generateSecret(KEY_PREFIX);
}

/** Whether a text has the shape and the checksum of a key. */
export function isKey(text: string): boolean {
  return isSecret(KEY_PREFIX, text);
}

/** The beginning of a key, by which people tell it from others. */
export function visiblePrefix(key: string): string {
  return key.slice(0, VISIBLE_LENGTH);
}

/**
 * A new secret in the format that the contract ("Authentication") gives to keys.
 * @param payload base62 digits that stand at the beginning, in place of as many random ones.
 */
export function generateSecret(prefix: string, payload = ''): string {
  const random = Array.from({ length: RANDOM_LENGTH - payload.length }, () => BASE62[randomInt(BASE62.length)]);
  const body = prefix + payload + random.join('');
  return body + checksum(body);
}

/**
 * Whether a text has the shape and the checksum of a secret with this prefix: a typo needs no look-up to be refused. The
 * checksum is not secret, as it follows from the text itself, so the time of its comparison says nothing.
 */
export function isSecret(prefix: string, text: string): boolean {
  if (!text.startsWith(prefix) || !AFTER_PREFIX.test(text.slice(prefix.length))) return false;
  return text.endsWith(checksum(text.slice(0, -CHECKSUM_LENGTH)));
}

/**
 * SHA-256 of a secret, all that is stored of it. At least 119 of its bits are random, so it needs no salt and no slow hash.
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
