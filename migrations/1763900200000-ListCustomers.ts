import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Without a transaction, as customers go on being written while their indexes are built. Whatever an attempt that was not
 * finished has left, the next one goes over.
 */
export class ListCustomers1763900200000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE sellers
      ADD COLUMN IF NOT EXISTS customer_limit integer CONSTRAINT sellers_customer_limit_check CHECK (customer_limit >= 0)`);
    await build(runner, 'customers_seller_id_created_at_idx', '(seller_id, created_at DESC, id DESC)');
    await build(runner, 'customers_seller_id_status_created_at_idx', '(seller_id, status, created_at DESC, id DESC)');
    await build(runner, 'customers_seller_id_updated_at_idx', '(seller_id, updated_at)');
    // Any user who may create objects in the database may create these two: they are trusted extensions.
    await runner.query(`CREATE EXTENSION IF NOT EXISTS pg_trgm`);
    await runner.query(`CREATE EXTENSION IF NOT EXISTS btree_gin`);
    // The separators keep a match from reaching from one member into the next.
    await runner.query(`
      CREATE OR REPLACE FUNCTION customer_search_text(first_name text, last_name text, company_name text, email text)
      RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
        first_name || ' ' || last_name || E'\\x1f' || coalesce(company_name, '') || E'\\x1f' || email`);
    await build(
      runner,
      'customers_search_idx',
      'USING gin (seller_id, customer_search_text(first_name, last_name, company_name, email) gin_trgm_ops)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customers_search_idx`);
    await runner.query(`DROP FUNCTION IF EXISTS customer_search_text`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customers_seller_id_updated_at_idx`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customers_seller_id_status_created_at_idx`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customers_seller_id_created_at_idx`);
    await runner.query(`ALTER TABLE sellers DROP COLUMN IF EXISTS customer_limit`);
  }
}

async function build(runner: QueryRunner, name: string, definition: string): Promise<void> {
  await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
  await runner.query(`CREATE INDEX CONCURRENTLY ${name} ON customers ${definition}`);
}
