import type { MigrationInterface, QueryRunner } from 'typeorm';

/** All members as they were at a version, in every so many entries: NULL in the others, so that no row is rewritten. */
export class AddHistorySnapshots1764300210000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE customer_history ADD COLUMN IF NOT EXISTS snapshot json`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE customer_history DROP COLUMN snapshot`);
  }
}
