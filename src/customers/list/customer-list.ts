import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import pLimit, { type LimitFunction } from 'p-limit';
import type { EntityManager, Repository, SelectQueryBuilder } from 'typeorm';
import { Config } from '../../config/config';
import { OverloadedError, WAITING_PER_CONNECTION } from '../../database/unavailable';
import { writeCursor } from '../../http/cursor';
import { Customer } from '../customer.entity';
import type { ListCustomersQuery } from './list-customers.query';

export interface CustomerPage {
  customers: Customer[];
  /** Where the next page starts; null on the last one. */
  next_cursor: string | null;
}

const DEFAULT_LIMIT = 20;
/** How many changes are looked at, and how many rows sorted, without a thought. */
const FEW_CHANGED = 5000;
/** The same for customers with a text in them, who are counted at every search. */
const FEW_FOUND = 500;
/** What pg_trgm surely finds a trigram in; it finds some in other texts, too. */
const TRIGRAM = /[\p{L}\p{N}]{3}/u;
/** Stands between the members in the text that is searched. */
const SEPARATOR = '\x1f';
const SEARCH_TEXT =
  'customer_search_text(customer.first_name, customer.last_name, customer.company_name, customer.email)';
const IN_ONE_MEMBER = [
  "customer.first_name || ' ' || customer.last_name ILIKE :pattern",
  'customer.company_name ILIKE :pattern',
  'customer.email ILIKE :pattern',
];

/** Lists the customers of a seller, newest first. Each condition is written as its index has it. */
@Injectable()
export class CustomerList {
  private readonly turns: LimitFunction;
  private readonly maxWaiting: number;

  constructor(
    @InjectRepository(Customer) private readonly customers: Repository<Customer>,
    { databasePoolSize }: Config,
  ) {
    this.turns = pLimit(Math.ceil(databasePoolSize / 2));
    this.maxWaiting = databasePoolSize * WAITING_PER_CONNECTION;
  }

  /**
   * Lists take but half of the connections, as some take long, and all else would wait behind them.
   * @throws OverloadedError when too many wait already.
   */
  async find(sellerId: string, query: ListCustomersQuery): Promise<CustomerPage> {
    if (this.turns.pendingCount >= this.maxWaiting) throw new OverloadedError();
    return this.turns(() => this.read(sellerId, query));
  }

  private async read(sellerId: string, query: ListCustomersQuery): Promise<CustomerPage> {
    const { limit = DEFAULT_LIMIT } = query;
    const found = await (await this.statement(sellerId, { ...query, limit: limit + 1 })).getMany();
    const customers = found.slice(0, limit);
    const last = customers.at(-1);
    return { customers, next_cursor: last && found.length > limit ? writeCursor(last) : null };
  }

  /** The statement behind a page; public for the test that looks at its plan. */
  async statement(sellerId: string, query: ListCustomersQuery): Promise<SelectQueryBuilder<Customer>> {
    const { manager } = this.customers;
    const { updated_since, search } = query;
    const statement = select(manager, sellerId, query);
    if (updated_since && (await hasFewSince(manager, sellerId, updated_since))) return sorted(changed(statement));
    const isRare = search && TRIGRAM.test(search) && (await hasFewWith(manager, sellerId, search));
    return isRare ? sorted(statement) : statement;
  }
}

function hasFewSince(manager: EntityManager, sellerId: string, moment: Date): Promise<boolean> {
  const since = 'customer_history WHERE seller_id = $1 AND created_at >= $2';
  return hasFew(manager, FEW_CHANGED, since, [sellerId, moment]);
}

function hasFewWith(manager: EntityManager, sellerId: string, search: string): Promise<boolean> {
  const having = `customers AS customer WHERE seller_id = $1 AND ${SEARCH_TEXT} ILIKE $2`;
  return hasFew(manager, FEW_FOUND, having, [sellerId, patternOf(search)]);
}

async function hasFew(manager: EntityManager, few: number, rows: string, parameters: unknown[]): Promise<boolean> {
  const some = `SELECT FROM ${rows} LIMIT ${few + 1}`;
  const [{ count }] = await manager.query(`SELECT count(*)::int FROM (${some}) AS row`, parameters);
  return count <= few;
}

/**
 * Puts few customers in order by an order that no index has. PostgreSQL would else walk the order and expect them all along
 * the way, while they may all be at the end, as old customers that were changed lately, or be fewer than it thinks: one that
 * its statistics happen to have among a hundred of a million counts for ten thousand.
 */
function sorted(statement: SelectQueryBuilder<Customer>): SelectQueryBuilder<Customer> {
  return statement.orderBy({ "customer.created_at + interval '0'": 'DESC', 'customer.id': 'DESC' });
}

/** Finds the customers by their history. */
function changed(statement: SelectQueryBuilder<Customer>): SelectQueryBuilder<Customer> {
  return statement.andWhere(
    `customer.id IN (SELECT customer_id FROM customer_history
                      WHERE seller_id = :sellerId AND created_at >= :updated_since)`,
  );
}

function select(
  manager: EntityManager,
  sellerId: string,
  { cursor, updated_since, status, email, search, limit }: ListCustomersQuery,
): SelectQueryBuilder<Customer> {
  const select = manager.createQueryBuilder(Customer, 'customer').where('customer.seller_id = :sellerId', { sellerId });
  if (cursor) select.andWhere('(customer.created_at, customer.id) < (:created_at, :id)', cursor);
  if (updated_since) select.andWhere('customer.updated_at >= :updated_since', { updated_since });
  if (status) select.andWhere('customer.status = :status', { status });
  if (email) select.andWhere('lower(customer.email COLLATE "C") = lower(:email COLLATE "C")', { email });
  if (search) select.andWhere(`${SEARCH_TEXT} ILIKE :pattern`, { pattern: patternOf(search) });
  if (search?.includes(SEPARATOR)) select.andWhere(`(${IN_ONE_MEMBER.join(' OR ')})`);
  return select.orderBy({ 'customer.created_at': 'DESC', 'customer.id': 'DESC' }).limit(limit);
}

/** Of a text that stands for itself. */
function patternOf(search: string): string {
  return `%${search.replace(/[\\%_]/g, '\\$&')}%`;
}
