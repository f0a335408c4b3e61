import type { MigrationInterface, QueryRunner } from 'typeorm';

const MAX_SESSIONS = 20;
const BATCH = 5000;

/**
 * A token names its seller now, so its hash need be unique only within the seller: no key is left that keeps the table from
 * being spread by `seller_id`. Tokens that were made before are still found by their hash alone. Sessions that have expired,
 * and those beyond the most that a customer may have, go, the oldest first. Without a transaction, as sessions go on being made.
 */
export class NameSellersInPortalTokens1764300230000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await build(runner, 'INDEX', 'portal_sessions_expires_at_idx', '(expires_at)');
    await build(runner, 'INDEX', 'portal_sessions_token_hash_idx', '(token_hash)');
    await build(runner, 'UNIQUE INDEX', 'portal_sessions_seller_id_token_hash_key', '(seller_id, token_hash)');
    await runner.query(`ALTER TABLE portal_sessions DROP CONSTRAINT IF EXISTS portal_sessions_token_hash_key`);
    await deleteInBatches(runner, 'SELECT seller_id, id FROM portal_sessions WHERE expires_at <= now()');
    const full = await runner.query(
      `SELECT seller_id, customer_id FROM portal_sessions GROUP BY seller_id, customer_id HAVING count(*) > ${MAX_SESSIONS}`,
    );
    for (const { seller_id, customer_id } of full) {
      await deleteInBatches(
        runner,
        `SELECT seller_id, id FROM portal_sessions WHERE seller_id = $1 AND customer_id = $2
          ORDER BY expires_at DESC, id DESC OFFSET ${MAX_SESSIONS}`,
        [seller_id, customer_id],
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE portal_sessions ADD CONSTRAINT portal_sessions_token_hash_key UNIQUE (token_hash)`);
    for (const name of ['seller_id_token_hash_key', 'token_hash_idx', 'expires_at_idx']) {
      await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS portal_sessions_${name}`);
    }
  }
}

async function build(runner: QueryRunner, kind: string, name: string, columns: string): Promise<void> {
  // One that was not finished, because something was in its way, is there but of no use.
  await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
  await runner.query(`CREATE ${kind} CONCURRENTLY ${name} ON portal_sessions ${columns}`);
}

async function deleteInBatches(runner: QueryRunner, some: string, values: string[] = []): Promise<void> {
  for (;;) {
    const [{ count }] = await runner.query(
      `WITH deleted AS (
         DELETE FROM portal_sessions AS session USING (${some} LIMIT ${BATCH}) AS old
          WHERE session.seller_id = old.seller_id AND session.id = old.id RETURNING 1
       ) SELECT count(*)::int AS count FROM deleted`,
      values,
    );
    if (count < BATCH) return;
  }
}
