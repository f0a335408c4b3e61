import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { SellersService } from '../../sellers/sellers.service';
import { Customer } from '../customer.entity';
import { toCustomerDto } from '../dto/customer.dto';
import type { Format } from '../import/format';
import { csvHeader, toCsv } from './csv';

const PAGE = 1000;

/** Writes out the customers of a seller, oldest first, a page at a time. */
@Injectable()
export class CustomerExport {
  constructor(
    @InjectRepository(Customer) private readonly customers: Repository<Customer>,
    private readonly sellers: SellersService,
  ) {}

  /**
   * The text of a file with all customers, in pieces. Data is as it is stored: nothing is altered for spreadsheets.
   * @throws NotFoundException when there is no such seller.
   */
  async write(sellerId: string, format: Format): Promise<AsyncGenerator<string>> {
    await this.sellers.get(sellerId);
    return format === 'csv' ? this.csv(sellerId) : this.ndjson(sellerId);
  }

  private async *csv(sellerId: string): AsyncGenerator<string> {
    yield csvHeader();
    for await (const customers of this.pages(sellerId)) yield toCsv(customers.map(toCustomerDto));
  }

  private async *ndjson(sellerId: string): AsyncGenerator<string> {
    for await (const customers of this.pages(sellerId)) {
      yield customers.map((customer) => `${JSON.stringify(toCustomerDto(customer))}\n`).join('');
    }
  }

  /** Each page starts after the last customer of the one before, so none is missed or repeated, however long it takes. */
  private async *pages(sellerId: string): AsyncGenerator<Customer[]> {
    let page = await this.page(sellerId);
    for (let last = page.at(-1); last; last = page.at(-1)) {
      yield page;
      page = await this.page(sellerId, last);
    }
  }

  private page(sellerId: string, after?: Customer): Promise<Customer[]> {
    const select = this.customers.createQueryBuilder('customer').where('customer.seller_id = :sellerId', { sellerId });
    if (after) {
      const { created_at, id } = after;
      select.andWhere('(customer.created_at, customer.id) > (:created_at, :id)', { created_at, id });
    }
    return select.orderBy({ 'customer.created_at': 'ASC', 'customer.id': 'ASC' }).limit(PAGE).getMany();
  }
}
