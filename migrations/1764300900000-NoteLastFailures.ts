import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When deliveries to a webhook last failed, so that a failure long after another does not continue it. */
export class NoteLastFailures1764300900000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE webhooks ADD COLUMN last_failed_at timestamptz(3)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE webhooks DROP COLUMN last_failed_at');
  }
}
