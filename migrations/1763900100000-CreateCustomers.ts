import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCustomers1763900100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE customers (
        seller_id               uuid NOT NULL CONSTRAINT customers_seller_id_fkey REFERENCES sellers (id),
        id                      uuid NOT NULL,
        version                 integer NOT NULL DEFAULT 1,
        first_name              text NOT NULL,
        last_name               text NOT NULL,
        email                   text NOT NULL,
        company_name            text,
        legal_entity            text,
        language                text CONSTRAINT customers_language_check CHECK (language IN ('en', 'de')),
        address_data            jsonb,
        postal_redirect_address jsonb,
        status                  text NOT NULL
          CONSTRAINT customers_status_check CHECK (status IN ('active', 'inactive', 'suspended')),
        source                  text NOT NULL
          CONSTRAINT customers_source_check CHECK (source IN ('api', 'import', 'cli')),
        created_at              timestamptz(3) NOT NULL,
        updated_at              timestamptz(3) NOT NULL,
        CONSTRAINT customers_pkey PRIMARY KEY (seller_id, id)
      )`);
    // Emails are ASCII. With the "C" collation, lower() means the same on every database, whatever its locale.
    await runner.query(`
      CREATE UNIQUE INDEX customers_seller_id_email_key ON customers (seller_id, lower(email COLLATE "C"))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE customers`);
  }
}
