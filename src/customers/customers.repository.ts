import type { QueryResultRow } from 'pg';
import { Inject, Injectable } from '@nestjs/common';
import { arrayOf, type QueryExecutor, type Statement, Statements } from '../database/statements';
import { type Customer, type CustomerRef, emailKey, sellerEmailKey } from './customer.entity';
import { CUSTOMER_COLUMNS } from './customer.fields';

/** An email within a seller. */
export type SellersEmail = readonly [sellerId: string, email: string];

/**
 * How to lock rows: wait for those that others hold, or leave them out. `delete`: wait, with FOR UPDATE, so that meanwhile
 * no row that references the customer can be added.
 */
export type LockMode = 'wait' | 'skip' | 'delete';

/** How many more customers a seller may have. `uncounted`: it has a limit, but is not locked, so a count could change. */
export type RemainingQuota = number | 'uncounted';

/** Rows are locked one after the other in the order of their ids, which all keep, so that no two wait for each other. */
const findSql = (lock = '') => `
  SELECT ${CUSTOMER_COLUMNS.map((column) => `customer.${column}`).join(', ')}
    FROM (SELECT * FROM unnest(${arrayOf('uuid', '$1')}, ${arrayOf('uuid', '$2')}) AS name (seller_id, id)
           ORDER BY seller_id, id) AS wanted
   CROSS JOIN LATERAL (
     SELECT * FROM customers WHERE seller_id = wanted.seller_id AND id = wanted.id LIMIT 1 ${lock}) AS customer`;

const FIND: Record<LockMode | 'none', Statement> = {
  none: { name: 'find_customers', text: findSql() },
  wait: { name: 'lock_customers', text: findSql('FOR NO KEY UPDATE') },
  skip: { name: 'lock_free_customers', text: findSql('FOR NO KEY UPDATE SKIP LOCKED') },
  delete: { name: 'lock_customers_to_delete', text: findSql('FOR UPDATE') },
};

const FIND_EMAIL_OWNERS: Statement = {
  name: 'find_email_owners',
  text: `
  SELECT customer.seller_id, customer.id, customer.email
    FROM unnest(${arrayOf('uuid', '$1')}, ${arrayOf('text', '$2')}) AS wanted (seller_id, email)
   CROSS JOIN LATERAL (
     SELECT * FROM customers
      WHERE seller_id = wanted.seller_id AND lower(email COLLATE "C") = wanted.email LIMIT 1) AS customer`,
};

const FIND_LIMITS: Statement = {
  name: 'find_customer_limits',
  text: `
  SELECT seller.id, seller.customer_limit FROM unnest(${arrayOf('uuid', '$1')}) AS wanted (id)
    JOIN sellers AS seller ON seller.id = wanted.id WHERE seller.customer_limit IS NOT NULL`,
};

/** Makes creations of one seller follow one another, so that each counts those before it. */
const LOCK_LIMITS: Statement = {
  name: 'lock_customer_limits',
  text: `${FIND_LIMITS.text} FOR NO KEY UPDATE OF seller`,
};

/** Counts no further than the limit. */
const COUNT: Statement = {
  name: 'count_customers',
  text: 'SELECT count(*)::int AS count FROM (SELECT FROM customers WHERE seller_id = $1 LIMIT $2) AS counted',
};

/** Reads customers, on a connection of its own for each statement or, with a transaction, in that. */
@Injectable()
export class CustomersRepository {
  constructor(@Inject(Statements) private readonly executor: QueryExecutor) {}

  /** Unknown ones are left out. A lock lasts as long as the transaction. */
  async find(refs: readonly CustomerRef[], lock: LockMode | 'none' = 'none'): Promise<Customer[]> {
    if (refs.length === 0) return [];
    return this.executor.run<Customer & QueryResultRow>(FIND[lock], [
      refs.map(([sellerId]) => sellerId),
      refs.map(([, id]) => id),
    ]);
  }

  /** The ids of the customers who have one of these emails, by `sellerEmailKey`. */
  async findEmailOwners(emails: SellersEmail[]): Promise<Map<string, string>> {
    if (emails.length === 0) return new Map();
    const owners = await this.executor.run<{ seller_id: string; id: string; email: string }>(FIND_EMAIL_OWNERS, [
      emails.map(([sellerId]) => sellerId),
      emails.map(([, email]) => emailKey(email)),
    ]);
    return new Map(owners.map(({ seller_id, id, email }) => [sellerEmailKey(seller_id, email), id]));
  }

  /** The remaining quotas of those sellers who have a limit, by their ids. Only locked sellers are counted. */
  async findQuotas(sellerIds: string[], lock: boolean): Promise<Map<string, RemainingQuota>> {
    const quotas = new Map<string, RemainingQuota>();
    if (sellerIds.length === 0) return quotas;
    const statement = lock ? LOCK_LIMITS : FIND_LIMITS;
    const sellers = await this.executor.run<{ id: string; customer_limit: number }>(statement, [sellerIds]);
    for (const { id, customer_limit } of sellers) {
      const counted = lock ? await this.executor.run<{ count: number }>(COUNT, [id, customer_limit]) : [];
      quotas.set(id, lock ? customer_limit - (counted[0]?.count ?? 0) : 'uncounted');
    }
    return quotas;
  }
}
