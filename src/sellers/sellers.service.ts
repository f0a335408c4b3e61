import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Seller } from './seller.entity';

@Injectable()
export class SellersService {
  constructor(@InjectRepository(Seller) private readonly sellers: Repository<Seller>) {}

  async create(name: string): Promise<Seller> {
    const seller = this.sellers.create({ id: uuidv7(), name, created_at: new Date() });
    await this.sellers.insert(seller);
    return seller;
  }

  /** @throws NotFoundException when there is no such seller. */
  async get(id: string): Promise<Seller> {
    const seller = await this.sellers.findOneBy({ id });
    if (!seller) throw new NotFoundException('Seller not found');
    return seller;
  }

  /** Every seller, oldest first. For the operator: no route leads here. */
  list(): Promise<Seller[]> {
    return this.sellers.find({ order: { created_at: 'ASC', id: 'ASC' } });
  }

  async isNone(): Promise<boolean> {
    return !(await this.sellers.exists());
  }
}
