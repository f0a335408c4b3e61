import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Seller } from './seller.entity';

@Injectable()
export class SellersService {
  constructor(@InjectRepository(Seller) private readonly sellers: Repository<Seller>) {}

  /** `customerLimit` is the greatest number of customers that the seller may have; null for any number. */
  async create(name: string, customerLimit: number | null = null): Promise<Seller> {
    const created_at = new Date();
    const seller = this.sellers.create({ id: uuidv7(), name, customer_limit: customerLimit, created_at });
    await this.sellers.insert(seller);
    return seller;
  }

  /** @throws NotFoundException when there is no such seller. */
  async get(id: string): Promise<Seller> {
    const seller = await this.sellers.findOneBy({ id });
    if (!seller) throw new NotFoundException('Seller not found');
    return seller;
  }

  /**
   * Makes other transactions that lock the seller wait for the end of this one.
   * @throws NotFoundException when there is no such seller.
   */
  async lock(id: string, transaction: EntityManager): Promise<void> {
    const lock = { mode: 'for_no_key_update' } as const;
    const seller = await transaction.findOne(Seller, { where: { id }, select: { id: true }, lock });
    if (!seller) throw new NotFoundException('Seller not found');
  }

  /** Every seller, oldest first. For the operator: no route leads here. */
  list(): Promise<Seller[]> {
    return this.sellers.find({ order: { created_at: 'ASC', id: 'ASC' } });
  }
}
