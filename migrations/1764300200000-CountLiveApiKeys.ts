import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Finds the keys of a seller that are neither revoked nor expired among any number that are. Without a transaction, as keys
 * go on being made while the index is built.
 */
export class CountLiveApiKeys1764300200000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // One that was not finished, because something was in its way, is there but of no use.
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS api_keys_seller_id_ends_at_idx`);
    await runner.query(`
      CREATE INDEX CONCURRENTLY api_keys_seller_id_ends_at_idx
          ON api_keys (seller_id, coalesce(LEAST(revoked_at, expires_at), 'infinity'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS api_keys_seller_id_ends_at_idx`);
  }
}
