import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Every so many changes, one moves the pending entries of a GIN index into the index, and those that share its commit wait. By
 * default that are 4 MB. Among ten million customers, of which a small part is in memory, that took more than the 1.5 s
 * that a change may take; 512 kB took up to 0.7 s.
 */
export class LimitPendingSearchTexts1764301100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER INDEX customers_search_text_idx SET (gin_pending_list_limit = 512)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER INDEX customers_search_text_idx RESET (gin_pending_list_limit)');
  }
}
