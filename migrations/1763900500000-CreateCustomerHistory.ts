import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCustomerHistory1763900500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // json and not jsonb: the changes come back in the order in which they were written.
    await runner.query(`
      CREATE TABLE customer_history (
        seller_id   uuid NOT NULL,
        customer_id uuid NOT NULL,
        version     integer NOT NULL,
        type        text NOT NULL
          CONSTRAINT customer_history_type_check CHECK (type IN ('created', 'updated', 'reverted')),
        changes     json NOT NULL,
        actor_type  text NOT NULL CONSTRAINT customer_history_actor_type_check CHECK (actor_type IN ('api_key', 'cli')),
        actor_id    uuid,
        actor_name  text,
        request_id  text,
        created_at  timestamptz(3) NOT NULL,
        CONSTRAINT customer_history_pkey PRIMARY KEY (seller_id, customer_id, version),
        CONSTRAINT customer_history_customer_fkey FOREIGN KEY (seller_id, customer_id)
          REFERENCES customers (seller_id, id) ON DELETE CASCADE
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE customer_history`);
  }
}
