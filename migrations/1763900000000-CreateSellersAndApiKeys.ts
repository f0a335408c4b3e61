import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSellersAndApiKeys1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sellers (
        id         uuid NOT NULL CONSTRAINT sellers_pkey PRIMARY KEY,
        name       text NOT NULL,
        created_at timestamptz(3) NOT NULL
      )`);
    // Keys are found by their hash before their seller is known, so this small table is not keyed by seller first.
    await runner.query(`
      CREATE TABLE api_keys (
        id           uuid NOT NULL CONSTRAINT api_keys_pkey PRIMARY KEY,
        seller_id    uuid NOT NULL CONSTRAINT api_keys_seller_id_fkey REFERENCES sellers (id),
        name         text NOT NULL,
        prefix       text NOT NULL,
        key_hash     bytea NOT NULL CONSTRAINT api_keys_key_hash_key UNIQUE,
        scopes       text[] NOT NULL,
        created_at   timestamptz(3) NOT NULL,
        expires_at   timestamptz(3),
        revoked_at   timestamptz(3),
        last_used_at timestamptz(3),
        CONSTRAINT api_keys_scopes_check CHECK (scopes <@ ARRAY['customers:read', 'customers:write', 'api_keys:manage'])
      )`);
    await runner.query(`CREATE INDEX api_keys_seller_id_created_at_idx ON api_keys (seller_id, created_at, id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE api_keys`);
    await runner.query(`DROP TABLE sellers`);
  }
}
