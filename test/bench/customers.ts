import { createHash } from 'node:crypto';
import { DataSource, type QueryRunner } from 'typeorm';
import { BeginCustomerHistory1763900600000 as BeginHistory } from '../../migrations/1763900600000-BeginCustomerHistory';

/** The id of the nth customer, from 1 on: in the order of creation, as the service's own are. */
export function customerId(n: number): string {
  return `01900000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** `customerId` in SQL. */
export const ID_SQL = (n: string) => `CAST('01900000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0') AS uuid)`;

/** As various as names are, which decides what a search has to read. */
export function lastName(n: number): string {
  return createHash('md5').update(String(n)).digest('hex').slice(0, 8);
}

/** `lastName` in SQL. */
export const LAST_NAME_SQL = (n: string) => `left(md5(${n}::text), 8)`;

const ADDRESS = { street: 'Musterstraße 123', city: 'Berlin', postal_code: '10115', country: 'Germany' };

/** Created one a second, the last just now. */
const INSERT = `
  INSERT INTO customers (seller_id, id, first_name, last_name, email, company_name, language, address_data,
                         status, source, created_at, updated_at)
  SELECT $1, ${ID_SQL('n')}, 'First' || n % 1000, ${LAST_NAME_SQL('n')}, 'user' || n || '@example.com', 'Company ' || n,
         'de', $2, CASE WHEN n % 10 = 0 THEN 'inactive' ELSE 'active' END, 'import', moment, moment
    FROM generate_series(1, $3::int) AS n
   CROSS JOIN LATERAL (SELECT now() - ($3::int - n) * interval '1 second' AS moment) AS created`;

/** Gives a seller customers and their history, in bulk: without the index of trigrams, which is slow to grow. */
export async function fillCustomers(databaseUrl: string, sellerId: string, count: number): Promise<void> {
  const database = await new DataSource({ type: 'postgres', url: databaseUrl }).initialize();
  const runner = database.createQueryRunner();
  try {
    const [{ indexdef }] = await runner.query(
      `SELECT indexdef FROM pg_indexes WHERE indexname = 'customers_search_text_idx'`,
    );
    await runner.query('DROP INDEX customers_search_text_idx');
    await runner.query(INSERT, [sellerId, JSON.stringify(ADDRESS), count]);
    // Without a history, customers get what the migration gives to those who are older than the history.
    await new BeginHistory().up(runner);
    await runner.query(`SET maintenance_work_mem = '512MB'`);
    await runner.query(indexdef);
    await settle(runner);
  } finally {
    await runner.release();
    await database.destroy();
  }
}

/** What the bulk leaves to be done must not slow what is measured. */
async function settle(runner: QueryRunner): Promise<void> {
  await runner.query('VACUUM ANALYZE customers, customer_history');
  const [{ allowed }] = await runner.query(`SELECT pg_has_role('pg_checkpoint', 'USAGE') AS allowed`);
  if (allowed) await runner.query('CHECKPOINT');
}
