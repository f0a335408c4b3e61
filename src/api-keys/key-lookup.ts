import { Injectable, Logger } from '@nestjs/common';
import type { QueryResultRow } from 'pg';
import { Config } from '../config/config';
import { Lookup } from '../database/lookup';
import { arrayOf, type Statement, Statements } from '../database/statements';
import { type Caller, UNKNOWN_SELLER } from '../http/caller';
import type { SellersTable } from './authenticated';
import { hashSecret } from './secret-format';

export interface KnownKey extends Caller {
  key_hash: Buffer;
  is_revoked: boolean;
  is_expired: boolean;
  /** Not used, as far as is noted, within the last minute. */
  is_stale: boolean;
}

/** A row of the seller that is to be read with a key. */
export interface WantedRow {
  source: SellersTable;
  id: string;
}

interface Wanted {
  /** In hexadecimal. */
  hash: string;
  row: WantedRow | undefined;
}

interface Found {
  key: KnownKey;
  row?: object | undefined;
}

/** The clock is the database's, so that all instances agree on when a key ends. */
const IS_REVOKED = 'key.revoked_at IS NOT NULL AND key.revoked_at <= now()';
const IS_EXPIRED = 'key.expires_at IS NOT NULL AND key.expires_at <= now()';
const COLUMNS = `
         key.key_hash, key.id AS key_id, key.name AS key_name, key.seller_id, key.scopes,
         ${IS_REVOKED} AS is_revoked, ${IS_EXPIRED} AS is_expired,
         key.last_used_at IS NULL OR key.last_used_at < now() - interval '1 minute' AS is_stale`;

const FIND: Statement = {
  name: 'find_api_keys',
  text: `
  SELECT ${COLUMNS}
    FROM unnest(${arrayOf('bytea', '$1')}) AS wanted (hash)
   CROSS JOIN LATERAL (SELECT * FROM api_keys WHERE key_hash = wanted.hash LIMIT 1) AS key`,
};

/** Reads no row for a key that is refused. Both have `seller_id`, which is the same. */
function findWithRowIn({ table, columns }: SellersTable): Statement {
  return {
    name: `find_api_key_and_${table}`,
    text: `
  SELECT found.*, ${COLUMNS}
    FROM (SELECT * FROM api_keys WHERE key_hash = $1 LIMIT 1) AS key
    LEFT JOIN LATERAL (
      SELECT ${columns.join(', ')} FROM ${table}
       WHERE seller_id = key.seller_id AND id = $2 AND NOT (${IS_REVOKED}) AND NOT (${IS_EXPIRED}) LIMIT 1) AS found ON true`,
  };
}

const NOTE_USE: Statement = {
  name: 'note_use_of_api_key',
  text: `
  UPDATE api_keys SET last_used_at = now()
   WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
};

/** The most keys whose seller this instance remembers. */
const MAX_REMEMBERED = 10_000;

/** Finds keys by their secret, for every request anew: a revoked key is refused at once. */
@Injectable()
export class KeyLookup {
  private readonly beingNoted = new Set<string>();
  private readonly log = new Logger(KeyLookup.name);
  /** The seller of each recently found key, by hash. It only serves to share the queue fairly, never to authenticate. */
  private readonly sellers = new Map<string, string>();

  private readonly statementsWithRow = new Map<SellersTable, Statement>();
  private readonly lookup: Lookup<Wanted, Found>;

  constructor(
    private readonly statements: Statements,
    config: Config,
  ) {
    this.lookup = new Lookup(async (wanted) => {
      const [first, ...others] = wanted;
      return first?.row && others.length === 0 ? [await this.findWithRow(first.hash, first.row)] : this.findAll(wanted);
    }, config);
  }

  /** @returns the key and, if it is valid and nothing else is looked up at the moment, the row. */
  async find(key: string, row?: WantedRow): Promise<Found | undefined> {
    const hash = hashSecret(key).toString('hex');
    const found = await this.lookup.get(this.sellers.get(hash) ?? UNKNOWN_SELLER, { hash, row });
    if (found) this.remember(hash, found.key.seller_id);
    return found;
  }

  /** Requests that come together mostly have the same key, which is looked up once. */
  private async findAll(wanted: readonly Wanted[]): Promise<(Found | undefined)[]> {
    const hashes = [...new Set(wanted.map(({ hash }) => `\\x${hash}`))];
    const keys = await this.statements.run<KnownKey & QueryResultRow>(FIND, [hashes]);
    const found = new Map(keys.map((key) => [key.key_hash.toString('hex'), { key }]));
    return wanted.map(({ hash }) => found.get(hash));
  }

  private async findWithRow(hash: string, { source, id }: WantedRow): Promise<Found | undefined> {
    type Row = KnownKey & QueryResultRow;
    const [found] = await this.statements.run<Row>(this.statementWithRow(source), [`\\x${hash}`, id]);
    if (!found) return undefined;
    const { key_hash, key_id, key_name, seller_id, scopes, is_revoked, is_expired, is_stale, ...row } = found;
    const key = { key_hash, key_id, key_name, seller_id, scopes, is_revoked, is_expired, is_stale };
    return { key, row: row.id === null ? undefined : { seller_id, ...row } };
  }

  private statementWithRow(source: SellersTable): Statement {
    let statement = this.statementsWithRow.get(source);
    if (!statement) this.statementsWithRow.set(source, (statement = findWithRowIn(source)));
    return statement;
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
