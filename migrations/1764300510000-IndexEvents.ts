import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Without a transaction, as customers go on being written while the index is built. */
export class IndexEvents1764300510000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // One that was not finished, because something was in its way, is there but of no use.
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customer_history_seller_id_position_idx`);
    await runner.query(`
      CREATE INDEX CONCURRENTLY customer_history_seller_id_position_idx
          ON customer_history (seller_id, position, customer_id, version) INCLUDE (created_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customer_history_seller_id_position_idx`);
  }
}
