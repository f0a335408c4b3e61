import { ConflictException } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Scope } from '../http/caller';
import { ApiKey } from './api-key.entity';
import { generateKey, hashKey, visiblePrefix } from './key-format';
import { MESSAGES } from './messages';

export interface NewApiKey {
  name: string;
  /** `customers:read` and `customers:write` unless told otherwise. */
  scopes?: Scope[];
  /** Never unless told otherwise. */
  expires_at?: Date | null;
}

/** A key with its secret, which is known only when the key is made. */
export type IssuedKey = ApiKey & { key: string };

/** The contract's ("Authentication"). */
export const DEFAULT_SCOPES: Scope[] = ['customers:read', 'customers:write'];

/** The contract's ("The rest of the resource"). */
export const MAX_LIVE_KEYS = 1000;

/** As its index has it. Keys that have ended may be many more than are counted. */
const COUNT_LIVE = `
  SELECT count(*)::int AS count FROM (
    SELECT FROM api_keys
     WHERE seller_id = $1 AND coalesce(LEAST(revoked_at, expires_at), 'infinity') > statement_timestamp()
     LIMIT ${MAX_LIVE_KEYS}) AS live`;

/**
 * Makes a key and stores all of it but the secret, in a transaction that has locked the seller: so each key counts those
 * before it.
 * @throws ConflictException when the seller has as many keys as it may.
 */
export async function issueKey(
  transaction: EntityManager,
  sellerId: string,
  { name, scopes, expires_at }: NewApiKey,
): Promise<IssuedKey> {
  const [{ count }] = await transaction.query<[{ count: number }]>(COUNT_LIVE, [sellerId]);
  if (count >= MAX_LIVE_KEYS) throw new ConflictException(MESSAGES.limitReached);
  const key = generateKey();
  const apiKey = transaction.create(ApiKey, {
    id: uuidv7(),
    seller_id: sellerId,
    name,
    prefix: visiblePrefix(key),
    scopes: scopes ?? DEFAULT_SCOPES,
    created_at: new Date(),
    expires_at: expires_at ?? null,
    revoked_at: null,
    last_used_at: null,
  });
  await transaction.insert(ApiKey, { ...apiKey, key_hash: hashKey(key) });
  return { ...apiKey, key };
}
