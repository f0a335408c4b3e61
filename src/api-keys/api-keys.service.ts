import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { FindOptionsWhere, Repository } from 'typeorm';
import type { CursorPosition } from '../http/cursor';
import { SellersService } from '../sellers/sellers.service';
import { ApiKey } from './api-key.entity';
import { DEFAULT_LIMIT, type ListApiKeysQuery, MAX_LIMIT } from './dto/list-api-keys.query';
import { MESSAGES } from './messages';
import { type IssuedKey, issueKey, type NewApiKey } from './new-key';

export type { NewApiKey };

export interface ApiKeyPage {
  keys: ApiKey[];
  /** The key after which the next page starts; null on the last page. */
  next: CursorPosition | null;
}

@Injectable()
export class ApiKeysService {
  constructor(
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly sellers: SellersService,
  ) {}

  /**
   * Makes a key. The answer is the only place where its secret ever appears.
   * @throws NotFoundException when there is no such seller.
   * @throws ConflictException when the seller has as many keys as it may.
   */
  create(sellerId: string, members: NewApiKey): Promise<IssuedKey> {
    return this.keys.manager.transaction('READ COMMITTED', async (transaction) => {
      await this.sellers.lock(sellerId, transaction);
      return issueKey(transaction, sellerId, members);
    });
  }

  /** Some keys of a seller, newest first. */
  async list(sellerId: string, { limit, cursor }: ListApiKeysQuery = {}): Promise<ApiKeyPage> {
    const size = limit ?? DEFAULT_LIMIT;
    const select = this.keys.createQueryBuilder('key').where('key.seller_id = :sellerId', { sellerId });
    if (cursor) select.andWhere('(key.created_at, key.id) < (:created_at, :id)', cursor);
    const found = await select
      .orderBy({ 'key.created_at': 'DESC', 'key.id': 'DESC' })
      .limit(size + 1)
      .getMany();
    const keys = found.slice(0, size);
    const last = keys.at(-1);
    return { keys, next: last && found.length > size ? last : null };
  }

  /**
   * All keys of a seller, newest first, page by page. For the operator: no route leads here.
   * @throws NotFoundException when there is no such seller.
   */
  async listAll(sellerId: string): Promise<ApiKey[]> {
    await this.sellers.get(sellerId);
    const all: ApiKey[] = [];
    for (let cursor: CursorPosition | null | undefined; cursor !== null;) {
      const { keys, next }: ApiKeyPage = await this.list(sellerId, { limit: MAX_LIMIT, cursor });
      all.push(...keys);
      cursor = next;
    }
    return all;
  }

  /** @throws NotFoundException when the seller has no such key. */
  async get(sellerId: string, id: string): Promise<ApiKey> {
    return this.find({ seller_id: sellerId, id });
  }

  /**
   * Shuts a key of a seller out from the next request on, also one that was to be revoked later. Repeatable: the time of
   * the first revocation stays.
   * @throws NotFoundException when the seller has no such key.
   */
  async revokeOf(sellerId: string, id: string): Promise<ApiKey> {
    return this.end({ seller_id: sellerId, id });
  }

  /**
   * Does the same with a key of any seller. For the operator: no route leads here.
   * @throws NotFoundException when there is no such key.
   */
  async revoke(id: string): Promise<ApiKey> {
    return this.end({ id });
  }

  /** @throws NotFoundException when the seller has no such key. */
  async delete(sellerId: string, id: string): Promise<void> {
    const { affected } = await this.keys.delete({ seller_id: sellerId, id });
    if (!affected) throw new NotFoundException(MESSAGES.unknownId);
  }

  /**
   * Truncated, because the column would round half of all times up, to a moment that is still to come. By the clock and
   * not the start of the statement, which may have waited for another revocation.
   */
  private async end(key: FindOptionsWhere<ApiKey>): Promise<ApiKey> {
    await this.keys
      .createQueryBuilder()
      .update()
      .set({ revoked_at: () => `date_trunc('milliseconds', clock_timestamp())` })
      .where(key)
      .andWhere('(revoked_at IS NULL OR revoked_at > clock_timestamp())')
      .execute();
    return this.find(key);
  }

  private async find(key: FindOptionsWhere<ApiKey>): Promise<ApiKey> {
    const found = await this.keys.findOneBy(key);
    if (!found) throw new NotFoundException(MESSAGES.unknownId);
    return found;
  }
}
