import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Webhooks, what is to be delivered to them, and the scope that manages them. */
export class CreateWebhooks1764300600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await setScopes(runner, `'customers:read', 'customers:write', 'api_keys:manage', 'webhooks:manage'`);
    await runner.query(`
      CREATE TABLE webhooks (
        seller_id                  uuid NOT NULL CONSTRAINT webhooks_seller_id_fkey REFERENCES sellers (id),
        id                         uuid NOT NULL,
        url                        text NOT NULL,
        event_types                text[] NOT NULL,
        description                text,
        status                     text NOT NULL
          CONSTRAINT webhooks_status_check CHECK (status IN ('enabled', 'disabled')),
        secret                     bytea NOT NULL,
        previous_secret            bytea,
        previous_secret_expires_at timestamptz(3),
        cursor_position            bigint NOT NULL,
        cursor_customer_id         uuid NOT NULL,
        cursor_version             integer NOT NULL,
        failing_since              timestamptz(3),
        created_at                 timestamptz(3) NOT NULL,
        updated_at                 timestamptz(3) NOT NULL,
        CONSTRAINT webhooks_pkey PRIMARY KEY (seller_id, id)
      )`);
    // Without foreign keys to webhooks and customers: one deletion would have to wait for that of all deliveries, and each
    // delivery would lock its customer. Deletions of customers remove their deliveries, the pruner those of lost webhooks.
    await runner.query(`
      CREATE TABLE webhook_deliveries (
        seller_id       uuid NOT NULL CONSTRAINT webhook_deliveries_seller_id_fkey REFERENCES sellers (id),
        webhook_id      uuid NOT NULL,
        event_id        uuid NOT NULL,
        event_type      text NOT NULL,
        customer_id     uuid NOT NULL,
        version         integer NOT NULL,
        position        bigint NOT NULL,
        status          text NOT NULL DEFAULT 'pending'
          CONSTRAINT webhook_deliveries_status_check CHECK (status IN ('pending', 'succeeded', 'failed')),
        attempts        jsonb NOT NULL DEFAULT '[]',
        attempt_count   integer NOT NULL DEFAULT 0,
        next_attempt_at timestamptz(3) NOT NULL,
        created_at      timestamptz(3) NOT NULL,
        CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (seller_id, webhook_id, event_id)
      )`);
    await runner.query(`
      CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (seller_id, webhook_id, next_attempt_at)
       WHERE status = 'pending'`);
    await runner.query(`
      CREATE INDEX webhook_deliveries_created_at_idx
          ON webhook_deliveries (seller_id, webhook_id, created_at, event_id)`);
    await runner.query(`
      CREATE INDEX webhook_deliveries_customer_idx ON webhook_deliveries (seller_id, customer_id)`);
    await runner.query(`
      CREATE INDEX webhook_deliveries_ended_idx ON webhook_deliveries (created_at) WHERE status <> 'pending'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE webhook_deliveries`);
    await runner.query(`DROP TABLE webhooks`);
    await runner.query(`UPDATE api_keys SET scopes = array_remove(scopes, 'webhooks:manage')
      WHERE scopes @> ARRAY['webhooks:manage']`);
    await setScopes(runner, `'customers:read', 'customers:write', 'api_keys:manage'`);
  }
}

async function setScopes(runner: QueryRunner, scopes: string): Promise<void> {
  await runner.query(`ALTER TABLE api_keys DROP CONSTRAINT api_keys_scopes_check`);
  await runner.query(`ALTER TABLE api_keys ADD CONSTRAINT api_keys_scopes_check CHECK (scopes <@ ARRAY[${scopes}])`);
}
