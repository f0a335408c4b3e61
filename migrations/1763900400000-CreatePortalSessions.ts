import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePortalSessions1763900400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Only the hash of the token is not keyed by seller first: a session is found by it before its seller is known.
    await runner.query(`
      CREATE TABLE portal_sessions (
        seller_id   uuid NOT NULL,
        id          uuid NOT NULL,
        customer_id uuid NOT NULL,
        token_hash  bytea NOT NULL CONSTRAINT portal_sessions_token_hash_key UNIQUE,
        created_at  timestamptz(3) NOT NULL,
        expires_at  timestamptz(3) NOT NULL,
        CONSTRAINT portal_sessions_pkey PRIMARY KEY (seller_id, id),
        CONSTRAINT portal_sessions_customer_fkey FOREIGN KEY (seller_id, customer_id)
          REFERENCES customers (seller_id, id) ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE INDEX portal_sessions_customer_expires_at_idx ON portal_sessions (seller_id, customer_id, expires_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE portal_sessions`);
  }
}
