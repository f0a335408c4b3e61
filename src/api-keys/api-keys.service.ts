import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Scope } from '../http/caller';
import { SellersService } from '../sellers/sellers.service';
import { ApiKey } from './api-key.entity';
import { generateKey, hashKey, visiblePrefix } from './key-format';

export interface NewApiKey {
  name: string;
  /** `customers:read` and `customers:write` unless told otherwise. */
  scopes?: Scope[];
  /** Never unless told otherwise. */
  expires_at?: Date | null;
}

const DEFAULT_SCOPES: Scope[] = ['customers:read', 'customers:write'];

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
  async create(sellerId: string, { name, scopes, expires_at }: NewApiKey): Promise<ApiKey & { key: string }> {
    await this.sellers.get(sellerId);
    const key = generateKey();
    const apiKey = this.keys.create({
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
    await this.keys.insert({ ...apiKey, key_hash: hashKey(key) });
    return { ...apiKey, key };
  }

  /**
   * Shuts a key out from the next request on. Repeatable: the time of the first revocation stays.
   * @throws NotFoundException when there is no such key.
   */
  async revoke(id: string): Promise<ApiKey> {
    await this.keys
      .createQueryBuilder()
      .update()
      .set({ revoked_at: () => 'now()' })
      .where('id = :id AND revoked_at IS NULL', { id })
      .execute();
    return (await this.keys.findOneBy({ id })) ?? notFound();
  }

  /** The keys of a seller, newest first. */
  async list(sellerId: string): Promise<ApiKey[]> {
    await this.sellers.get(sellerId);
    return this.keys.find({ where: { seller_id: sellerId }, order: { created_at: 'DESC', id: 'DESC' } });
  }
}

function notFound(): never {
  throw new NotFoundException('API key not found');
}
