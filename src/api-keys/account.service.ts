import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import type { Caller } from '../http/caller';
import { UnauthenticatedException } from '../http/errors';
import type { Seller } from '../sellers/seller.entity';
import { SellersService } from '../sellers/sellers.service';
import { ApiKey } from './api-key.entity';
import { MESSAGES } from './messages';

/** A key and whose it is. */
export interface Account {
  seller: Seller;
  apiKey: ApiKey;
}

@Injectable()
export class AccountService {
  constructor(
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly sellers: SellersService,
  ) {}

  /** @throws UnauthenticatedException when the calling key was deleted after the guard let it through. */
  async describe({ seller_id, key_id }: Caller): Promise<Account> {
    const seller = await this.sellers.get(seller_id);
    const apiKey = await this.keys.findOneBy({ seller_id, id: key_id });
    if (!apiKey) throw new UnauthenticatedException(MESSAGES.invalid);
    return { seller, apiKey };
  }
}
