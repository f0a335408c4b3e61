import type { QueryRunner } from 'typeorm';
import { FillHistorySnapshots1764300220000 } from '../../migrations/1764300220000-FillHistorySnapshots';
import { Client } from 'pg';
import type { Account } from './factories';

interface Options {
  versions: number;
  /** With addresses of the largest size in each change. */
  large?: boolean;
}

/** Texts that do not get smaller when they are compressed. */
const TEXTS = `
  SELECT n, string_agg(md5(n || ':' || i), '') AS text FROM generate_series(0, 49) AS n, generate_series(1, 120) AS i GROUP BY n`;

const ADDRESS = (n: string) => `(SELECT json_build_object('street', left(text, 1020), 'city', substr(text, 1100, 400),
  'postal_code', left(text, 80), 'country', substr(text, 1600, 400)) FROM texts WHERE texts.n = (${n}) % 50)`;

/**
 * Makes the history of a new customer as long as if its first name had been changed so often, to `Name n` at version n; one
 * that is older than snapshots.
 */
export async function makeLongHistory(account: Account, databaseUrl: string, options: Options): Promise<string> {
  const { versions, large = false } = options;
  const { id } = await account.makeCustomer({ first_name: 'Name 1', company_name: 'Acme' });
  const values = [account.seller.id, id, versions];
  const changes = [`'first_name', json_build_object('old', 'Name ' || version - 1, 'new', 'Name ' || version)`];
  if (large) {
    changes.push(`'address_data', json_build_object('old', ${ADDRESS('version')}, 'new', ${ADDRESS('version + 1')})`);
  }
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    await client.query(`CREATE TEMPORARY TABLE texts AS ${TEXTS}`);
    await client.query(
      `INSERT INTO customer_history (seller_id, customer_id, version, type, changes, actor_type, created_at)
       SELECT $1, $2, version, 'updated', json_build_object(${changes.join(', ')}), 'cli', now()
         FROM generate_series(2, $3::int) AS version`,
      values,
    );
    await client.query(
      `UPDATE customers SET version = $3::int, first_name = 'Name ' || $3::int WHERE seller_id = $1 AND id = $2`,
      values,
    );
    await client.query('ANALYZE customer_history');
  } finally {
    await client.end();
  }
  return id;
}

/** Gives histories the snapshots that they would have today. */
export async function fillSnapshots(databaseUrl: string): Promise<void> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    await client.query('SET lock_timeout = 10000');
    await new FillHistorySnapshots1764300220000().up({
      query: async (text: string, values?: unknown[]) => (await client.query(text, values)).rows,
    } as QueryRunner);
  } finally {
    await client.end();
  }
}
