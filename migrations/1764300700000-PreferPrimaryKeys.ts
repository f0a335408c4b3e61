import type { MigrationInterface, QueryRunner } from 'typeorm';

const PRIMARY_KEYS = ['api_keys_pkey', 'customers_pkey', 'customer_history_pkey', 'customer_deletions_pkey'];

/** An index larger than this is never on a par with a wider one. */
const MAX_SIZE = '8 MB';

/**
 * Of indexes that cost the same, PostgreSQL takes the newest. While a table is small, a row by its primary key costs the
 * same by every index that has the key's columns, in any place. The plan is kept while the table grows, until there are new
 * statistics, and then reads all the seller's rows for each look-up. Rebuilt, the indexes of primary keys are the newest.
 * Large tables need none of it.
 */
export class PreferPrimaryKeys1764300700000 implements MigrationInterface {
  /** Indexes can't be rebuilt beside writers in a transaction. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const index of PRIMARY_KEYS) {
      const [{ is_small }] = await runner.query(
        `SELECT pg_relation_size('${index}') <= pg_size_bytes('${MAX_SIZE}') AS is_small`,
      );
      if (!is_small) continue;
      // Left behind by a run that was interrupted.
      await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}_ccnew`);
      await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}_ccold`);
      await runner.query(`REINDEX INDEX CONCURRENTLY ${index}`);
    }
  }

  async down(): Promise<void> {
    // The same indexes, newer.
  }
}
