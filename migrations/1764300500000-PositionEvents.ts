import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Gives each change a position in the feed of events. A position is counted from the id of the transaction that wrote the
 * change (docs/architecture.md, "The order of events"). Adding columns with constant defaults rewrites no table.
 */
export class PositionEvents1764300500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE event_log (
        is_only           boolean NOT NULL DEFAULT true
          CONSTRAINT event_log_pkey PRIMARY KEY CONSTRAINT event_log_is_only_check CHECK (is_only),
        system_identifier bigint,
        position_offset   bigint NOT NULL
      )`);
    await runner.query(`INSERT INTO event_log (position_offset) VALUES (0)`);
    const [{ may_ask }] = await runner.query(
      `SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AS may_ask`,
    );
    if (may_ask) {
      await runner.query(
        `UPDATE event_log SET system_identifier = (SELECT system_identifier FROM pg_control_system())`,
      );
    }
    // Its body is bound to the table, not to a name, so that a restore finds it whatever its search_path is.
    await runner.query(`
      CREATE FUNCTION event_position() RETURNS bigint LANGUAGE sql VOLATILE
      BEGIN ATOMIC
        SELECT position_offset
               + (('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint << 44)
               + pg_current_xact_id()::text::bigint
          FROM event_log;
      END`);
    await runner.query(`ALTER TABLE customers ADD COLUMN position bigint NOT NULL DEFAULT 0`);
    await runner.query(`ALTER TABLE customer_history ADD COLUMN position bigint NOT NULL DEFAULT 0`);
    // For instances of the version before, while both run.
    await runner.query(`ALTER TABLE customer_history ALTER COLUMN position SET DEFAULT event_position()`);
    await runner.query(`
      CREATE TABLE customer_deletions (
        seller_id   uuid NOT NULL CONSTRAINT customer_deletions_seller_id_fkey REFERENCES sellers (id),
        customer_id uuid NOT NULL,
        version     integer NOT NULL,
        position    bigint NOT NULL,
        actor_type  text NOT NULL
          CONSTRAINT customer_deletions_actor_type_check CHECK (actor_type IN ('api_key', 'cli')),
        actor_id    uuid,
        actor_name  text,
        request_id  text,
        created_at  timestamptz(3) NOT NULL,
        CONSTRAINT customer_deletions_pkey PRIMARY KEY (seller_id, customer_id)
      )`);
    await runner.query(`
      CREATE INDEX customer_deletions_seller_id_position_idx ON customer_deletions (seller_id, position, customer_id)`);
    await runner.query(`
      CREATE TABLE event_log_ticks (
        at           timestamptz NOT NULL CONSTRAINT event_log_ticks_pkey PRIMARY KEY,
        min_position bigint NOT NULL,
        max_position bigint NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE event_log_ticks`);
    await runner.query(`DROP TABLE customer_deletions`);
    await runner.query(`ALTER TABLE customer_history DROP COLUMN position`);
    await runner.query(`ALTER TABLE customers DROP COLUMN position`);
    await runner.query(`DROP FUNCTION event_position()`);
    await runner.query(`DROP TABLE event_log`);
  }
}
