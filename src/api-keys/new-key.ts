import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Scope } from '../http/caller';
import { ApiKey } from './api-key.entity';
import { generateKey, hashKey, visiblePrefix } from './key-format';

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

/** Makes a key and stores all of it but the secret, perhaps as part of a transaction. */
export async function issueKey(
  database: EntityManager,
  sellerId: string,
  { name, scopes, expires_at }: NewApiKey,
): Promise<IssuedKey> {
  const key = generateKey();
  const apiKey = database.create(ApiKey, {
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
  await database.insert(ApiKey, { ...apiKey, key_hash: hashKey(key) });
  return { ...apiKey, key };
}
