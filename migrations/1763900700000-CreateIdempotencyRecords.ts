import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateIdempotencyRecords1763900700000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The outcome names versions of customers and holds nothing of what is in them.
    await runner.query(`
      CREATE TABLE idempotency_records (
        seller_id   uuid NOT NULL,
        method      text NOT NULL,
        path        text NOT NULL,
        key         text NOT NULL,
        fingerprint bytea NOT NULL,
        outcome     json NOT NULL,
        created_at  timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT idempotency_records_pkey PRIMARY KEY (seller_id, key, method, path)
      )`);
    // For those whose time is over, of whatever seller.
    await runner.query(`CREATE INDEX idempotency_records_created_at_idx ON idempotency_records (created_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE idempotency_records`);
  }
}
