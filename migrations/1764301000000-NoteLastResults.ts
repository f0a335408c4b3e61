import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How the last request to a webhook ended, so that after a restart receivers that hang do not come before others. */
export class NoteLastResults1764301000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE webhooks ADD COLUMN last_result text
        CONSTRAINT webhooks_last_result_check CHECK (last_result IN ('quick', 'slow', 'failed', 'hung'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE webhooks DROP COLUMN last_result');
  }
}
