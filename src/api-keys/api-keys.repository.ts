import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, FindOptionsWhere, Repository } from 'typeorm';
import type { CursorPosition } from '../http/cursor';
import { ApiKey } from './api-key.entity';

/** The most active keys of a seller (contract, "The rest of the resource"). */
export const MAX_ACTIVE_KEYS = 1000;

/** The condition of the index that it uses. Stops at the limit: keys that have ended may be many more. */
const COUNT_ACTIVE = `
  SELECT count(*)::int AS count FROM (
    SELECT FROM api_keys
     WHERE seller_id = $1 AND coalesce(LEAST(revoked_at, expires_at), 'infinity') > statement_timestamp()
     LIMIT ${MAX_ACTIVE_KEYS}) AS active`;

/**
 * Truncated, because the column would round half of all times up, to a moment that is still to come. By the clock and
 * not the start of the statement, which may have waited for another revocation.
 */
const NOW = `date_trunc('milliseconds', clock_timestamp())`;

/** Ends with the old key at the latest. */
const END_OF_OVERLAP = `LEAST(revoked_at, expires_at, ${NOW} + :overlap * interval '1 second')`;

const IS_ACTIVE = `(revoked_at IS NULL OR revoked_at > clock_timestamp())
  AND (expires_at IS NULL OR expires_at > clock_timestamp())`;

/** All statements on API keys, except the look-up by their secret (`KeyLookup`). */
@Injectable()
export class ApiKeysRepository {
  constructor(@InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>) {}

  transaction<T>(work: (transaction: EntityManager) => Promise<T>): Promise<T> {
    return this.keys.manager.transaction('READ COMMITTED', work);
  }

  find(key: FindOptionsWhere<ApiKey>): Promise<ApiKey | null> {
    return this.keys.findOneBy(key);
  }

  /** Newest first. */
  list(sellerId: string, limit: number, after?: CursorPosition | null): Promise<ApiKey[]> {
    const select = this.keys.createQueryBuilder('key').where('key.seller_id = :sellerId', { sellerId });
    if (after) select.andWhere('(key.created_at, key.id) < (:created_at, :id)', after);
    return select.orderBy({ 'key.created_at': 'DESC', 'key.id': 'DESC' }).limit(limit).getMany();
  }

  /** The keys of a seller that are neither revoked nor expired, counted up to the maximum. */
  async countActive(transaction: EntityManager, sellerId: string): Promise<number> {
    const [{ count }] = await transaction.query<[{ count: number }]>(COUNT_ACTIVE, [sellerId]);
    return count;
  }

  async insert(transaction: EntityManager, key: ApiKey): Promise<void> {
    await transaction.insert(ApiKey, key);
  }

  /** Ends a key at once, unless it has been revoked already. */
  async revoke(key: FindOptionsWhere<ApiKey>): Promise<void> {
    await this.keys
      .createQueryBuilder()
      .update()
      .set({ revoked_at: () => NOW })
      .where(key)
      .andWhere('(revoked_at IS NULL OR revoked_at > clock_timestamp())')
      .execute();
  }

  /**
   * Ends a key after the overlap, but not later than it ends anyway. One statement, so that of rotations at the same time
   * each sees what the one before has left of the key.
   * @returns false when the key is unknown, revoked or expired.
   */
  async endAfter(transaction: EntityManager, { seller_id, id }: ApiKey, overlapSeconds: number): Promise<boolean> {
    const parameters = { seller_id, id, overlap: overlapSeconds };
    const { affected } = await transaction
      .createQueryBuilder()
      .update(ApiKey)
      .set({ revoked_at: () => END_OF_OVERLAP })
      .where(`seller_id = :seller_id AND id = :id AND ${IS_ACTIVE}`, parameters)
      .execute();
    return Boolean(affected);
  }

  /** @returns false when the seller has no such key. */
  async delete(sellerId: string, id: string): Promise<boolean> {
    return Boolean((await this.keys.delete({ seller_id: sellerId, id })).affected);
  }
}
