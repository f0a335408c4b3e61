import type { MigrationInterface, QueryRunner } from 'typeorm';

const BATCH = 5000;

/**
 * Keeps the text that is searched in a column of its own, folded: whatever the locale of the database, letters are compared
 * in Unicode's lower case and in normal form C. Without a transaction, as customers go on being written meanwhile. Whatever
 * an attempt that was not finished has left, the next one goes over.
 */
export class FoldSearchText1764300100000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    const [icu] = await runner.query(`SELECT FROM pg_collation WHERE collname = 'und-x-icu'`);
    if (!icu)
      throw new Error('The database server lacks the ICU collations, which search needs: use one built with ICU.');
    // The final sigma is one letter with the other. ICU lowers the dotted I to an i with a combining dot.
    await runner.query(`
      CREATE OR REPLACE FUNCTION customer_search_fold(searched text)
      RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
        normalize(replace(lower(normalize(searched, NFC) COLLATE "und-x-icu"), 'ς', 'σ'), NFC)`);
    await runner.query(`ALTER TABLE customers ADD COLUMN IF NOT EXISTS search_text text`);
    // A trigger, so that it holds for every writer, be it an older version of the service or somebody at psql.
    await runner.query(`
      CREATE OR REPLACE FUNCTION set_customer_search_text() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW.search_text := customer_search_fold(
          customer_search_text(NEW.first_name, NEW.last_name, NEW.company_name, NEW.email));
        RETURN NEW;
      END $$`);
    await runner.query(`
      CREATE OR REPLACE TRIGGER customers_search_text_on_insert BEFORE INSERT ON customers
        FOR EACH ROW EXECUTE FUNCTION set_customer_search_text()`);
    await runner.query(`
      CREATE OR REPLACE TRIGGER customers_search_text_on_update BEFORE UPDATE ON customers FOR EACH ROW
        WHEN (OLD.first_name IS DISTINCT FROM NEW.first_name OR OLD.last_name IS DISTINCT FROM NEW.last_name
              OR OLD.company_name IS DISTINCT FROM NEW.company_name OR OLD.email IS DISTINCT FROM NEW.email
              OR NEW.search_text IS NULL)
        EXECUTE FUNCTION set_customer_search_text()`);
    await fill(runner);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customers_search_text_idx`);
    await runner.query(`
      CREATE INDEX CONCURRENTLY customers_search_text_idx ON customers USING gin (seller_id, search_text gin_trgm_ops)`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customers_search_idx`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customers_search_idx`);
    await runner.query(`
      CREATE INDEX CONCURRENTLY customers_search_idx ON customers
        USING gin (seller_id, customer_search_text(first_name, last_name, company_name, email) gin_trgm_ops)`);
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customers_search_text_idx`);
    await runner.query(`DROP TRIGGER IF EXISTS customers_search_text_on_update ON customers`);
    await runner.query(`DROP TRIGGER IF EXISTS customers_search_text_on_insert ON customers`);
    await runner.query(`DROP FUNCTION IF EXISTS set_customer_search_text`);
    await runner.query(`ALTER TABLE customers DROP COLUMN IF EXISTS search_text`);
    await runner.query(`DROP FUNCTION IF EXISTS customer_search_fold`);
  }
}

/** In batches with a transaction each, so that no row is locked for long. The trigger does the work. */
async function fill(runner: QueryRunner): Promise<void> {
  let after = { seller_id: '00000000-0000-0000-0000-000000000000', id: '00000000-0000-0000-0000-000000000000' };
  for (;;) {
    const [last] = await runner.query(
      `WITH batch AS MATERIALIZED (
         SELECT seller_id, id FROM customers WHERE (seller_id, id) > ($1, $2) ORDER BY seller_id, id LIMIT ${BATCH}
       ), filled AS (
         UPDATE customers AS customer SET search_text = NULL FROM batch
          WHERE customer.seller_id = batch.seller_id AND customer.id = batch.id AND customer.search_text IS NULL
       )
       SELECT seller_id, id FROM batch ORDER BY seller_id DESC, id DESC LIMIT 1`,
      [after.seller_id, after.id],
    );
    if (!last) return;
    after = last;
  }
}
