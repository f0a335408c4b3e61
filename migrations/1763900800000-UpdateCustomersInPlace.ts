import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * An index on `updated_at` makes every change of a row a change of all its indexes. The history, which only ever grows at
 * its end, says as well what was changed since when. With room left in each page, a change that touches no index stays in
 * its page (HOT).
 */
export class UpdateCustomersInPlace1763900800000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // One that was not finished, because something was in its way, is there but of no use.
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customer_history_seller_id_created_at_idx`);
    await runner.query(`
      CREATE INDEX CONCURRENTLY customer_history_seller_id_created_at_idx
          ON customer_history (seller_id, created_at) INCLUDE (customer_id)`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customers_seller_id_updated_at_idx`);
    await runner.query(`ALTER TABLE customers SET (fillfactor = 85)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE customers RESET (fillfactor)`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customers_seller_id_updated_at_idx`);
    await runner.query(`
      CREATE INDEX CONCURRENTLY customers_seller_id_updated_at_idx ON customers (seller_id, updated_at)`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customer_history_seller_id_created_at_idx`);
  }
}
