import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import type { Caller } from '../http/caller';
import { SellersService } from '../sellers/sellers.service';
import { ApiKey } from './api-key.entity';
import { ApiKeysService } from './api-keys.service';
import { MESSAGES } from './messages';
import { DEFAULT_SCOPES, type IssuedKey, issueKey, type NewApiKey } from './new-key';
import { requireScopes } from './scopes';

/** The overlap starts at the database's clock, truncated to what the column holds, and ends with the old key at the latest. */
const END_OF_OVERLAP = `LEAST(revoked_at, expires_at,
  date_trunc('milliseconds', clock_timestamp()) + :overlap * interval '1 second')`;

const LIVES = `(revoked_at IS NULL OR revoked_at > clock_timestamp())
  AND (expires_at IS NULL OR expires_at > clock_timestamp())`;

/** Makes keys at the request of a key. None has a scope that the asking one lacks. */
@Injectable()
export class KeyIssuer {
  constructor(
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly apiKeys: ApiKeysService,
    private readonly sellers: SellersService,
  ) {}

  /**
   * @throws ForbiddenException when the new key would have a scope that the caller lacks.
   * @throws ConflictException when the seller has as many keys as it may.
   */
  async create(caller: Caller, members: NewApiKey): Promise<IssuedKey> {
    requireScopes(caller, ...(members.scopes ?? DEFAULT_SCOPES));
    return this.apiKeys.create(caller.seller_id, members);
  }

  /**
   * Makes a key like an old one, which lives on for the overlap, but neither beyond its expiry nor beyond the end of an
   * overlap that an earlier rotation has set.
   * @throws NotFoundException when the caller's seller has no such key.
   * @throws ForbiddenException when the key has a scope that the caller lacks.
   * @throws ConflictException when the key is revoked or has expired, as it must not come back to life, or when the
   * seller has as many keys as it may without the old one.
   */
  async rotate(caller: Caller, id: string, overlapSeconds: number): Promise<IssuedKey> {
    const old = await this.apiKeys.get(caller.seller_id, id);
    requireScopes(caller, ...old.scopes);
    return this.keys.manager.transaction('READ COMMITTED', async (transaction) => {
      await this.sellers.lock(old.seller_id, transaction);
      await retire(transaction, old, overlapSeconds);
      return issueKey(transaction, old.seller_id, old);
    });
  }
}

/** One statement, so that of rotations at the same time each sees what the one before has left of the key. */
async function retire(transaction: EntityManager, { seller_id, id }: ApiKey, overlap: number): Promise<void> {
  const { affected } = await transaction
    .createQueryBuilder()
    .update(ApiKey)
    .set({ revoked_at: () => END_OF_OVERLAP })
    .where(`seller_id = :seller_id AND id = :id AND ${LIVES}`, { seller_id, id, overlap })
    .execute();
  if (!affected) refuse(await transaction.findOneBy(ApiKey, { seller_id, id }));
}

/** A time of revocation that is still to come never lies beyond the expiry: where there is one, it has passed. */
function refuse(key: ApiKey | null): never {
  if (!key) throw new NotFoundException(MESSAGES.unknownId);
  throw new ConflictException(key.revoked_at ? MESSAGES.revoked : MESSAGES.expired);
}
