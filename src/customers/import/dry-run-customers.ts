import type { EntityManager, QueryRunner } from 'typeorm';
import type { Seller } from '../../sellers/seller.entity';
import type { SellersService } from '../../sellers/sellers.service';
import type { Customer } from '../customer.entity';
import { type Lookup, lookUp, StoredCustomers } from './stored-customers';

const TABLE = 'pg_temp.dry_run_customers';

/**
 * The customers as they would be after what an import has written so far. That is kept in a temporary table, which only
 * one connection sees: no row of the service is locked or touched, and the database finds room for a file of any size.
 */
export class DryRunCustomers extends StoredCustomers {
  protected override readonly table = TABLE;

  /** `runner` has to be used for nothing else until it is released. */
  static async start(runner: QueryRunner, seller: Seller, sellers: SellersService): Promise<DryRunCustomers> {
    await runner.query(`DROP TABLE IF EXISTS ${TABLE}`);
    await runner.query(`CREATE TEMPORARY TABLE dry_run_customers (LIKE customers)`);
    await runner.query(`CREATE UNIQUE INDEX ON ${TABLE} (seller_id, lower(email COLLATE "C"))`);
    await runner.query(`CREATE UNIQUE INDEX ON ${TABLE} (seller_id, id)`);
    return new DryRunCustomers(runner.manager, seller, sellers);
  }

  override async remainingQuota(transaction: EntityManager): Promise<number> {
    const { id, customer_limit } = this.seller;
    if (customer_limit === null) return Infinity;
    const [row] = await transaction.query<{ count: string }[]>(
      `SELECT count(*) FROM (SELECT id FROM customers WHERE seller_id = $1 UNION SELECT id FROM ${TABLE}) AS customer`,
      [id],
    );
    return Math.max(0, customer_limit - Number(row?.count));
  }

  override async find(by: Lookup, values: string[], transaction: EntityManager): Promise<Customer[]> {
    const copy = `INSERT INTO ${TABLE} SELECT customer.* FROM ${lookUp(by, 'customers')} ON CONFLICT DO NOTHING`;
    await transaction.query(copy, [this.seller.id, values]);
    return super.find(by, values, transaction);
  }

  /** Nothing has happened that is worth remembering. */
  protected override async remember(): Promise<void> {
    return undefined;
  }

  /** Nothing has changed for those who are logged in. */
  protected override async endSessions(): Promise<void> {
    return undefined;
  }
}
