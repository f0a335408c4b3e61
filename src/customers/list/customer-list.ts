import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { Customer } from '../customer.entity';
import { writeCursor } from './cursor';
import type { ListCustomersQuery } from './list-customers.query';

export interface CustomerPage {
  customers: Customer[];
  /** Where the next page starts; null on the last one. */
  next_cursor: string | null;
}

const DEFAULT_LIMIT = 20;
const SEARCH_TEXT =
  'customer_search_text(customer.first_name, customer.last_name, customer.company_name, customer.email)';

/** Lists the customers of a seller, newest first. Each condition is written as its index has it. */
@Injectable()
export class CustomerList {
  constructor(@InjectRepository(Customer) private readonly customers: Repository<Customer>) {}

  async find(sellerId: string, query: ListCustomersQuery): Promise<CustomerPage> {
    const { limit = DEFAULT_LIMIT } = query;
    const found = await this.statement(sellerId, { ...query, limit: limit + 1 }).getMany();
    const customers = found.slice(0, limit);
    const last = customers.at(-1);
    return { customers, next_cursor: last && found.length > limit ? writeCursor(last) : null };
  }

  /** The statement behind a page, public for the test that looks at its plan. */
  statement(
    sellerId: string,
    { cursor, updated_since, status, email, search, limit }: ListCustomersQuery,
  ): SelectQueryBuilder<Customer> {
    const select = this.customers.createQueryBuilder('customer').where('customer.seller_id = :sellerId', { sellerId });
    if (cursor) select.andWhere('(customer.created_at, customer.id) < (:created_at, :id)', cursor);
    if (updated_since) select.andWhere('customer.updated_at >= :updated_since', { updated_since });
    if (status) select.andWhere('customer.status = :status', { status });
    if (email) select.andWhere('lower(customer.email COLLATE "C") = lower(:email COLLATE "C")', { email });
    if (search) select.andWhere(`${SEARCH_TEXT} ILIKE :pattern`, { pattern: `%${literal(search)}%` });
    return select.orderBy({ 'customer.created_at': 'DESC', 'customer.id': 'DESC' }).limit(limit);
  }
}

function literal(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
