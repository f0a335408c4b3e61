import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An index larger than this is never on a par with a wider one. */
const MAX_SIZE = '8 MB';

/**
 * `PreferPrimaryKeys` for the deliveries of webhooks: the index that lists them by time has all columns of the primary key,
 * and was newer. While the table had no statistics, each attempt was recorded after a look at all deliveries of the webhook.
 */
export class PreferPrimaryKeyOfDeliveries1764300800000 implements MigrationInterface {
  /** Indexes can't be rebuilt beside writers in a transaction. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    const [{ is_small }] = await runner.query(
      `SELECT pg_relation_size('webhook_deliveries_pkey') <= pg_size_bytes('${MAX_SIZE}') AS is_small`,
    );
    if (!is_small) return;
    // Left behind by a run that was interrupted.
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_pkey_ccnew');
    await runner.query('DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_pkey_ccold');
    await runner.query('REINDEX INDEX CONCURRENTLY webhook_deliveries_pkey');
  }

  async down(): Promise<void> {
    // The same index, newer.
  }
}
