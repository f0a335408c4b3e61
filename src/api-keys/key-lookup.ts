import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config';
import { Lookup } from '../database/lookup';
import { arrayOf, type Statement, Statements } from '../database/statements';
import type { Caller } from '../http/caller';
import { hashSecret } from './secret-format';

export interface KnownKey extends Caller {
  [column: string]: unknown;
  key_hash: Buffer;
  is_revoked: boolean;
  is_expired: boolean;
  /** Not used, as far as is noted, within the last minute. */
  is_stale: boolean;
}

/** The clock is the database's, so that all instances agree on when a key ends. */
const FIND: Statement = {
  name: 'find_api_keys',
  text: `
  SELECT key_hash, id AS key_id, name AS key_name, seller_id, scopes,
         revoked_at IS NOT NULL AND revoked_at <= now() AS is_revoked,
         expires_at IS NOT NULL AND expires_at <= now() AS is_expired,
         last_used_at IS NULL OR last_used_at < now() - interval '1 minute' AS is_stale
    FROM unnest(${arrayOf('bytea', '$1')}) AS wanted (hash)
   CROSS JOIN LATERAL (SELECT * FROM api_keys WHERE key_hash = wanted.hash LIMIT 1) AS key`,
};

const NOTE_USE: Statement = {
  name: 'note_use_of_api_key',
  text: `
  UPDATE api_keys SET last_used_at = now()
   WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
};

/** The most keys whose seller this instance remembers. */
const MAX_REMEMBERED = 10_000;

/** Keys that this instance does not remember queue as if they were one seller's. */
const UNKNOWN_SELLER = '';

/** Finds keys by their secret, for every request anew: a revoked key is refused at once. */
@Injectable()
export class KeyLookup {
  private readonly beingNoted = new Set<string>();
  private readonly log = new Logger(KeyLookup.name);
  /** The seller of each recently found key, by hash. It only serves to share the queue fairly, never to authenticate. */
  private readonly sellers = new Map<string, string>();

  /** By the hash in hex: requests that come together mostly have the same key, which is looked up once. */
  private readonly lookup: Lookup<string, KnownKey>;

  constructor(
    private readonly statements: Statements,
    config: Config,
  ) {
    this.lookup = new Lookup(async (hashes) => {
      const wanted = [...new Set(hashes)].map((hash) => `\\x${hash}`);
      const keys = await statements.run<KnownKey>(FIND, [wanted]);
      const found = new Map(keys.map((key) => [key.key_hash.toString('hex'), key]));
      return hashes.map((hash) => found.get(hash));
    }, config);
  }

  async find(key: string): Promise<KnownKey | undefined> {
    const hash = hashSecret(key).toString('hex');
    const found = await this.lookup.get(this.sellers.get(hash) ?? UNKNOWN_SELLER, hash);
    if (found) this.remember(hash, found.seller_id);
    return found;
  }

  private remember(hash: string, sellerId: string): void {
    this.sellers.set(hash, sellerId);
    if (this.sellers.size <= MAX_REMEMBERED) return;
    const [oldest = ''] = this.sellers.keys();
    this.sellers.delete(oldest);
  }

  /** Keeps `last_used_at` without making a request wait, with at most one write a minute for a key. */
  noteUse({ key_id, is_stale }: KnownKey): void {
    if (!is_stale || this.beingNoted.has(key_id)) return;
    this.beingNoted.add(key_id);
    this.statements
      .run(NOTE_USE, [key_id])
      .catch((error: { code?: unknown }) => this.log.warn(`last_used_at not written: ${String(error.code)}`))
      .finally(() => this.beingNoted.delete(key_id));
  }
}
