import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import type { EntityManager, FindOptionsWhere } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Caller } from '../http/caller';
import type { CursorPosition } from '../http/cursor';
import { MAX_LIMIT, type Page } from '../http/page.query';
import { UnauthenticatedException } from '../http/errors/errors';
import type { Seller } from '../sellers/seller.entity';
import { SellersService } from '../sellers/sellers.service';
import type { ApiKey } from './api-key.entity';
import { DEFAULT_SCOPES, type Scope } from './scopes';
import { MESSAGES, requireScopes } from './api-keys.errors';
import { ApiKeysRepository, MAX_ACTIVE_KEYS } from './api-keys.repository';
import { generateKey, hashSecret, visiblePrefix } from './secret-format';

export interface NewApiKey {
  name: string;
  /** `customers:read` and `customers:write` unless told otherwise. */
  scopes?: Scope[];
  /** Never unless told otherwise. */
  expires_at?: Date | null;
}

/** A key with its secret, which is known only when the key is made. */
export type IssuedKey = ApiKey & { key: string };

export interface ApiKeyPage {
  keys: ApiKey[];
  /** The key after which the next page starts; null on the last page. */
  next: CursorPosition | null;
}

/** A key and whose it is. */
export interface Account {
  seller: Seller;
  apiKey: ApiKey;
}

@Injectable()
export class ApiKeysService {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly sellers: SellersService,
  ) {}

  /**
   * Makes a key. The answer is the only place where its secret ever appears.
   * @throws NotFoundException when there is no such seller.
   * @throws ConflictException when the seller has as many keys as it may.
   */
  create(sellerId: string, key: NewApiKey): Promise<IssuedKey> {
    return this.keys.transaction(async (transaction) => {
      await this.sellers.lock(sellerId, transaction);
      return this.insert(transaction, sellerId, key);
    });
  }

  /**
   * Makes a key at the request of another, for the same seller.
   * @throws ForbiddenException when the new key would have a scope that the caller lacks.
   * @throws ConflictException when the seller has as many keys as it may.
   */
  async createFor(caller: Caller, key: NewApiKey): Promise<IssuedKey> {
    requireScopes(caller, ...(key.scopes ?? DEFAULT_SCOPES));
    return this.create(caller.seller_id, key);
  }

  /**
   * Makes a key like an old one, which stays valid for the overlap, but neither beyond its expiry nor beyond the end of an
   * overlap that an earlier rotation has set.
   * @throws NotFoundException when the caller's seller has no such key.
   * @throws ForbiddenException when the key has a scope that the caller lacks.
   * @throws ConflictException when the key is revoked or has expired, as it must not become valid again, or when the
   * seller has as many keys as it may without the old one.
   */
  async rotate(caller: Caller, id: string, overlapSeconds: number): Promise<IssuedKey> {
    const old = await this.get(caller.seller_id, id);
    requireScopes(caller, ...old.scopes);
    return this.keys.transaction(async (transaction) => {
      await this.sellers.lock(old.seller_id, transaction);
      if (!(await this.keys.endAfter(transaction, old, overlapSeconds))) throw await this.whyEnded(old);
      return this.insert(transaction, old.seller_id, old);
    });
  }

  /**
   * The calling key and its seller.
   * @throws UnauthenticatedException when the key was deleted after the guard let it through.
   */
  async account({ seller_id, key_id }: Caller): Promise<Account> {
    const seller = await this.sellers.get(seller_id);
    const apiKey = await this.keys.find({ seller_id, id: key_id });
    if (!apiKey) throw new UnauthenticatedException(MESSAGES.invalid);
    return { seller, apiKey };
  }

  /** Some keys of a seller, newest first. */
  async list(sellerId: string, { limit, cursor }: Page<CursorPosition>): Promise<ApiKeyPage> {
    const found = await this.keys.list(sellerId, limit + 1, cursor);
    const keys = found.slice(0, limit);
    const last = keys.at(-1);
    return { keys, next: last && found.length > limit ? last : null };
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
   * Refuses a key of a seller from the next request on, also one that was to be revoked later. Repeatable: the time of
   * the first revocation stays.
   * @throws NotFoundException when the seller has no such key.
   */
  async revokeOf(sellerId: string, id: string): Promise<ApiKey> {
    await this.keys.revoke({ seller_id: sellerId, id });
    return this.get(sellerId, id);
  }

  /**
   * Does the same with a key of any seller. For the operator: no route leads here.
   * @throws NotFoundException when there is no such key.
   */
  async revoke(id: string): Promise<ApiKey> {
    await this.keys.revoke({ id });
    return this.find({ id });
  }

  /** @throws NotFoundException when the seller has no such key. */
  async delete(sellerId: string, id: string): Promise<void> {
    if (!(await this.keys.delete(sellerId, id))) throw new NotFoundException(MESSAGES.unknownId);
  }

  private async find(key: FindOptionsWhere<ApiKey>): Promise<ApiKey> {
    const found = await this.keys.find(key);
    if (!found) throw new NotFoundException(MESSAGES.unknownId);
    return found;
  }

  /** Stores a key without its secret. The transaction has locked the seller, so each key counts those before it. */
  private async insert(transaction: EntityManager, sellerId: string, key: NewApiKey): Promise<IssuedKey> {
    if ((await this.keys.countActive(transaction, sellerId)) >= MAX_ACTIVE_KEYS) {
      throw new ConflictException(MESSAGES.limitReached);
    }
    const secret = generateKey();
    const apiKey: ApiKey = {
      id: uuidv7(),
      seller_id: sellerId,
      name: key.name,
      prefix: visiblePrefix(secret),
      scopes: key.scopes ?? DEFAULT_SCOPES,
      created_at: new Date(),
      expires_at: key.expires_at ?? null,
      revoked_at: null,
      last_used_at: null,
    };
    await this.keys.insert(transaction, { ...apiKey, key_hash: hashSecret(secret) });
    return { ...apiKey, key: secret };
  }

  /** A time of revocation that is still to come never lies beyond the expiry: where there is one, it has passed. */
  private async whyEnded({ seller_id, id }: ApiKey): Promise<Error> {
    const key = await this.get(seller_id, id);
    return new ConflictException(key.revoked_at ? MESSAGES.revoked : MESSAGES.expired);
  }
}
