import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { SCOPES } from '../../src/api-keys/scopes';
import { runSql, withDatabase } from '../support/database';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import { type Service, startService } from '../support/service';

const ROUNDS = 30;

const TABLES = ['customers', 'customer_history', 'idempotency_records', 'api_keys', 'portal_sessions'];

/** How often PostgreSQL has read each of the tables as a whole. */
const WHOLE_TABLES = `SELECT relname AS name, seq_scan::int AS times FROM pg_stat_user_tables
  WHERE seq_scan > 0 AND relname = ANY ('{${TABLES.join()}}')`;

const MAKE_CUSTOMERS = `
  INSERT INTO customers (seller_id, id, first_name, last_name, email, status, source, created_at, updated_at)
  SELECT $1, gen_random_uuid(), 'Jane', 'Doe', 'user' || i || '@example.com', 'active', 'api', now(), now()
    FROM generate_series(1, $2::int) AS i`;

/** All that a seller does with a customer, one after the other. */
async function useEverything(account: Account): Promise<void> {
  const email = uniqueEmail();
  const options = () => ({ headers: { 'idempotency-key': randomUUID() } });
  const body = { first_name: 'Jane', last_name: 'Doe', email };
  const { status, body: customer } = await account.call('POST', '/api/customers', { body, ...options() });
  const { body: other } = await account.call('POST', '/api/customers', { body: { ...body, email: uniqueEmail() } });
  const path = `/api/customers/${customer.id}`;
  const bulk = { customers: [customer, other].map(({ id }) => ({ id, first_name: 'Bulk' })) };
  const answers = [
    await account.call('PATCH', path, { body: { first_name: 'John' } }),
    await account.call('PATCH', path, { body: { email: uniqueEmail() }, ...options() }),
    await account.call('PATCH', path, { body: { status: 'suspended' } }),
    await account.call('PATCH', path, { body: { status: 'active' } }),
    await account.call('PATCH', '/api/customers', { body: bulk }),
    await account.call('POST', `${path}/revert`, { body: { version: 1 } }),
    await account.call('POST', `${path}/portal-sessions`),
    await account.call('GET', path),
    await account.call('GET', `${path}?version=1`),
    await account.call('GET', `${path}/history`),
    await account.call('GET', '/api/customers?search=jane&status=active'),
    await account.call('GET', `/api/customers?search=j&email=${email}`),
    await account.call('GET', '/api/customers?updated_since=2024-01-01T00:00:00Z'),
    await account.call('DELETE', path),
  ];
  expect([status, ...answers.map((answer) => answer.status)].filter((code) => code >= 300)).toEqual([]);
}

/** How often each statement was planned for its values. */
async function plannedAnew({ app }: Service): Promise<Record<string, number>> {
  const query = `SELECT name, custom_plans::int FROM pg_prepared_statements WHERE generic_plans + custom_plans > 10`;
  const rows: { name: string; custom_plans: number }[] = await app.get(DataSource).query(query);
  return Object.fromEntries(rows.map(({ name, custom_plans }) => [name, custom_plans]));
}

/** Uses everything with a seller who had some customers when the service began. */
async function useWith(customers: number, check: (admin: Client, service: Service) => Promise<void>): Promise<void> {
  await withDatabase(async (databaseUrl) => {
    const admin = new Client(databaseUrl);
    await admin.connect();
    // One connection runs each statement in every round. On a second, now and then, PostgreSQL would compare plans that it
    // made while the tables were smaller, and their lower costs, with one made later.
    const service = await startService({ databaseUrl, databasePoolSize: 1 });
    try {
      const account = await makeAccount(service, { scopes: [...SCOPES] });
      await admin.query(MAKE_CUSTOMERS, [account.seller.id, customers]);
      // New statistics in the midst of it would make the planner compare again.
      for (const table of TABLES) await admin.query(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
      await admin.query('ANALYZE');
      await admin.query('SELECT pg_stat_reset()');
      for (let round = 0; round < ROUNDS; round++) await useEverything(account);
      await check(admin, service);
    } finally {
      await service.app.close();
      await admin.end();
    }
  });
}

describe('Statements', () => {
  it('read no whole table, though it was small when they were planned', () =>
    useWith(1, async (admin, { app }) => {
      // A connection tells what it has counted when it ends.
      await app.close();
      expect((await admin.query(WHOLE_TABLES)).rows).toEqual([]);
    }));

  it('are not planned anew for each request', () =>
    useWith(5000, async (_, service) => {
      const planned = await plannedAnew(service);
      expect(Object.keys(planned)).toEqual(
        expect.arrayContaining([
          'find_api_keys',
          'find_api_key_and_customers',
          'find_email_owners',
          'update_customer',
          'update_customers',
        ]),
      );
      // PostgreSQL plans the first five times for the values at hand, to compare.
      expect(Object.entries(planned).filter(([, times]) => times > 5)).toEqual([]);
    }));

  // A foreign key's check is planned while the tables are small, and kept while an import fills them.
  it.each([
    ['customers', 'seller_id = $1::uuid AND id = $2::uuid', 'customers_pkey'],
    ['customers', 'seller_id = $1::uuid AND lower(email COLLATE "C") = $2::text', 'customers_seller_id_email_key'],
    [
      'customer_history',
      'seller_id = $1::uuid AND customer_id = $2::uuid AND version = $3::int',
      'customer_history_pkey',
    ],
    ['customer_deletions', 'seller_id = $1::uuid AND customer_id = $2::uuid', 'customer_deletions_pkey'],
    ['api_keys', 'id = $1::uuid', 'api_keys_pkey'],
    [
      'webhook_deliveries',
      'seller_id = $1::uuid AND webhook_id = $2::uuid AND event_id = $3::uuid',
      'webhook_deliveries_pkey',
    ],
  ])('find a row of %s where %s by the index for it, though the table is empty', (table, condition, index) =>
    withDatabase(async (url) => {
      const rows = await runSql(
        url,
        `ANALYZE ${table}`,
        'SET enable_seqscan = off',
        `EXPLAIN (GENERIC_PLAN) SELECT * FROM ${table} WHERE ${condition} FOR KEY SHARE`,
      );
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain(`using ${index} `);
      expect(plan).not.toContain('Filter');
    }),
  );

  it('are run with the settings of the operator, too', async () => {
    const { app } = await startService({ pgoptions: '-c work_mem=3MB' });
    try {
      const show = `SELECT current_setting('work_mem') AS own, current_setting('enable_seqscan') AS ours,
        current_setting('jit') AS jit`;
      expect(await app.get(DataSource).query(show)).toEqual([{ own: '3MB', ours: 'off', jit: 'off' }]);
    } finally {
      await app.close();
    }
  });
});
