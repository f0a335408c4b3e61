import { fromBase62, generateSecret, isSecret, toBase62 } from '../api-keys/secret-format';

const PREFIX = 'ps_live_';

/** Of a UUID in base62. */
const SELLER_LENGTH = 22;

/**
 * A new portal token: of the format of a key, but for its prefix, and that it begins with the id of the seller. So its session
 * is looked up within the seller, wherever that seller's rows are. The 20 characters that are left to chance have 119 bits.
 */
export function generateToken(sellerId: string): string {
  return generateSecret(PREFIX, toBase62(BigInt(`0x${sellerId.replaceAll('-', '')}`), SELLER_LENGTH));
}

/** Whether a text has the shape and the checksum of a portal token. */
export function isToken(text: string): boolean {
  return isSecret(PREFIX, text);
}

/** The id of the seller that a token names; undefined for what is no id, as in tokens that were made when they named none. */
export function sellerOf(token: string): string | undefined {
  const hex = fromBase62(token.slice(PREFIX.length, PREFIX.length + SELLER_LENGTH))
    .toString(16)
    .padStart(32, '0');
  return hex.length === 32 ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : undefined;
}
