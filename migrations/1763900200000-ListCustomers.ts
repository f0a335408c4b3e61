import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ListCustomers1763900200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE sellers
      ADD COLUMN customer_limit integer CONSTRAINT sellers_customer_limit_check CHECK (customer_limit >= 0)`);
    await runner.query(
      `CREATE INDEX customers_seller_id_created_at_idx ON customers (seller_id, created_at DESC, id DESC)`,
    );
    await runner.query(`
      CREATE INDEX customers_seller_id_status_created_at_idx ON customers (seller_id, status, created_at DESC, id DESC)`);
    await runner.query(`CREATE INDEX customers_seller_id_updated_at_idx ON customers (seller_id, updated_at)`);
    // Any user who may create objects in the database may create these two: they are trusted extensions.
    await runner.query(`CREATE EXTENSION IF NOT EXISTS pg_trgm`);
    await runner.query(`CREATE EXTENSION IF NOT EXISTS btree_gin`);
    // The separators keep a match from reaching from one member into the next.
    await runner.query(`
      CREATE FUNCTION customer_search_text(first_name text, last_name text, company_name text, email text) RETURNS text
      LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
        first_name || ' ' || last_name || E'\\x1f' || coalesce(company_name, '') || E'\\x1f' || email`);
    await runner.query(`
      CREATE INDEX customers_search_idx ON customers USING gin
        (seller_id, customer_search_text(first_name, last_name, company_name, email) gin_trgm_ops)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX customers_search_idx`);
    await runner.query(`DROP FUNCTION customer_search_text`);
    await runner.query(`DROP INDEX customers_seller_id_updated_at_idx`);
    await runner.query(`DROP INDEX customers_seller_id_status_created_at_idx`);
    await runner.query(`DROP INDEX customers_seller_id_created_at_idx`);
    await runner.query(`ALTER TABLE sellers DROP COLUMN customer_limit`);
  }
}
