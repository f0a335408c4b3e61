import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { FindOptionsWhere, Repository } from 'typeorm';
import { SellersService } from '../sellers/sellers.service';
import { ApiKey } from './api-key.entity';
import { MESSAGES } from './messages';
import { type IssuedKey, issueKey, type NewApiKey } from './new-key';

export type { NewApiKey };

@Injectable()
export class ApiKeysService {
  constructor(
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly sellers: SellersService,
  ) {}

  /**
   * Makes a key. The answer is the only place where its secret ever appears.
   * @throws NotFoundException when there is no such seller.
   */
  async create(sellerId: string, members: NewApiKey): Promise<IssuedKey> {
    await this.sellers.get(sellerId);
    return issueKey(this.keys.manager, sellerId, members);
  }

  /** Whether nobody has ever made a key. */
  async isNone(): Promise<boolean> {
    return !(await this.keys.exists());
  }

  /** The keys of a seller, newest first. */
  async list(sellerId: string): Promise<ApiKey[]> {
    await this.sellers.get(sellerId);
    return this.keys.find({ where: { seller_id: sellerId }, order: { created_at: 'DESC', id: 'DESC' } });
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
