import { DataSource } from 'typeorm';
import { CustomerList } from '../../src/customers/list/customer-list';
import type { ListCustomersQuery } from '../../src/customers/list/list-customers.query';
import { withDatabase } from '../support/database';
import { startService } from '../support/service';

const SELLER = '01900000-0000-7000-8000-000000000001';
const NEIGHBOUR = '01900000-0000-7000-8000-000000000002';
const COUNT = 1_000_000;
/** When the 3,599 oldest customers, the last of the list, were changed. */
const OLDEST_CHANGED = new Date('2024-03-01T00:00:00Z');

interface Plan {
  'Node Type': string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

describe('A seller with a million customers', () => {
  it(
    'has an index for each filter and their combinations',
    () =>
      withDatabase(async (url) => {
        const service = await startService({ databaseUrl: url, databaseStatementTimeoutMs: 60_000 });
        try {
          const database = service.app.get(DataSource);
          await fill(database);
          const list = service.app.get(CustomerList);
          const rare = await sampledEmails(database);
          const middle = { created_at: new Date('2024-01-08T00:00:00Z'), id: SELLER };
          const filters: ListCustomersQuery[] = [
            {},
            { status: 'suspended' },
            { email: 'User777@example.com' },
            { search: 'user77712' },
            { search: 'first77' },
            { search: 'no such text' },
            { search: 'zq' },
            { search: '@@@' },
            { updated_since: new Date('2024-02-01T11:33:00Z') },
            { updated_since: OLDEST_CHANGED },
            { updated_since: new Date('2024-01-01T00:00:00Z') },
            { updated_since: new Date('2024-02-01T11:30:00Z'), status: 'inactive' },
            { status: 'active', search: 'user77712' },
            { email: 'user777@example.com', status: 'active', search: 'first', updated_since: new Date(0) },
          ];
          filters.push(...rare.map((search) => ({ search })));
          for (const filter of filters.flatMap((filter) => [filter, { ...filter, cursor: middle }])) {
            const query = { ...filter, limit: 21 };
            const nodes = flatten(await explain(database, list, query));
            const scans = nodes.filter((node) => node['Node Type'] === 'Seq Scan');
            const sorted = nodes.filter((node) => node['Node Type'] === 'Sort').flatMap(({ Plans = [] }) => Plans);
            expect({ query, scans }).toEqual({ query, scans: [] });
            if (filter.updated_since === OLDEST_CHANGED || rare.includes(filter.search ?? '')) {
              const read = Math.max(
                ...nodes.map((node) => node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)),
              );
              expect(read).toBeLessThan(COUNT / 50);
            }
            for (const input of sorted) expect(input['Actual Rows'] * input['Actual Loops']).toBeLessThan(COUNT / 50);
          }
        } finally {
          await service.app.close();
        }
      }),
    300_000,
  );
});

/** Built in bulk, which is quickest without the index of trigrams. */
async function fill(database: DataSource): Promise<void> {
  const [{ indexdef } = { indexdef: '' }] = await database.query(
    `SELECT indexdef FROM pg_indexes WHERE indexname = 'customers_search_idx'`,
  );
  await database.query('DROP INDEX customers_search_idx');
  for (const [seller, count] of [
    [SELLER, COUNT],
    [NEIGHBOUR, COUNT / 10],
  ]) {
    await database.query(`INSERT INTO sellers (id, name, created_at) VALUES ($1, 'Acme', now())`, [seller]);
    await database.query(
      `INSERT INTO customers (seller_id, id, first_name, last_name, email, company_name, status, source, created_at, updated_at)
       SELECT $1::uuid, gen_random_uuid(), 'First' || i % 1000, 'Last' || md5(i::text), 'user' || i || '@example.com',
              CASE WHEN i % 3 = 0 THEN 'Company ' || md5((i * 7)::text) END,
              CASE WHEN i % 100 = 0 THEN 'suspended' WHEN i % 10 = 0 THEN 'inactive' ELSE 'active' END, 'api',
              timestamptz '2024-01-01T00:00:00Z' + i * interval '1 second',
              timestamptz '2024-02-01T00:00:00Z' + i % 41600 * interval '1 second'
         FROM generate_series(1, $2::int) AS i`,
      [seller, count],
    );
  }
  await database.query(
    `UPDATE customers SET updated_at = $2 WHERE seller_id = $1 AND created_at < timestamptz '2024-01-01T01:00:00Z'`,
    [SELLER, OLDEST_CHANGED],
  );
  await database.query(indexdef);
  // Without a check of each row's customer, which is there.
  await database.query('ALTER TABLE customer_history DISABLE TRIGGER ALL');
  await database.query(`
    INSERT INTO customer_history (seller_id, customer_id, version, type, changes, actor_type, created_at)
    SELECT seller_id, id, version, 'created', '{}', 'cli', updated_at FROM customers`);
  await database.query('ALTER TABLE customer_history ENABLE TRIGGER ALL');
  await database.query('VACUUM ANALYZE customers, customer_history');
}

/** Of customers whom the statistics know, so that PostgreSQL expects one of a hundred to be like them. */
async function sampledEmails(database: DataSource): Promise<string[]> {
  const [{ bounds }] = await database.query(
    `SELECT histogram_bounds::text::text[] AS bounds FROM pg_stats WHERE tablename = 'customers_search_idx'
        AND histogram_bounds IS NOT NULL`,
  );
  return [20, 50, 80].map((place) => bounds[place].split('\x1f').at(-1));
}

async function explain(database: DataSource, list: CustomerList, query: ListCustomersQuery): Promise<Plan> {
  const [sql, parameters] = (await list.statement(SELLER, query)).getQueryAndParameters();
  const [row] = await database.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, parameters);
  return row['QUERY PLAN'][0].Plan;
}

function flatten(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(flatten)];
}
