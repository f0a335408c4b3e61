import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { FIELD_NAMES } from '../../src/customers/customer.fields';
import { EVENT_TYPES, type EventType } from '../../src/events/event';
import { BEGINNING, readEventCursor, writeEventCursor } from '../../src/events/event';
import { findEventsStatement } from '../../src/events/events.repository';
import { withDatabase } from '../support/database';
import { type Account, makeAccount } from '../support/factories';
import { quantile } from '../support/mirrors';
import { startService } from '../support/service';

const EVENTS = 1_000_000;
const CUSTOMERS = 10_000;
const PER_CUSTOMER = EVENTS / CUSTOMERS;

/** What PostgreSQL may take for a page of 100, and for one of a filter that leaves few. */
const MAX_MS = 10;
const MAX_FILTERED_MS = 25;

/** What a page may read, in pages of PostgreSQL: far from growing with the feed. */
const MAX_BUFFERS = 6000;
const ATTEMPTS = 15;

/** As the history keeps them. */
const SNAPSHOT_EVERY = 32;

const NO_CUSTOMER = '00000000-0000-0000-0000-000000000000';
const cursorAt = (position: number) =>
  writeEventCursor({ position: String(position), customerId: NO_CUSTOMER, version: 0 });

describe('A feed of a million events of a seller', () => {
  it(
    'has any page within milliseconds, also of one customer and of rare types',
    () =>
      withDatabase(async (databaseUrl) => {
        const service = await startService({ databaseUrl });
        try {
          const account = await makeAccount(service);
          await fill(databaseUrl, account.seller.id);
          const database = service.app.get(DataSource);
          const [{ id }] = await database.query('SELECT id FROM customers ORDER BY id LIMIT 1 OFFSET 5000');
          const middle = cursorAt(EVENTS / 2);
          const cases: [name: string, query: string, count: number, maxMs: number][] = [
            ['oldest', 'limit=100', 100, MAX_MS],
            ['middle', `limit=100&after=${middle}`, 100, MAX_MS],
            ['newest', `limit=100&after=${cursorAt(EVENTS - 50)}`, 51, MAX_MS],
            ['of a customer', `limit=100&customer_id=${id}`, PER_CUSTOMER, MAX_MS],
            ['of a customer, middle', `limit=100&customer_id=${id}&after=${middle}`, PER_CUSTOMER / 2, MAX_MS],
            ['deletions, middle', `type=customer.deleted&after=${middle}`, 2, MAX_MS],
            ['reverts, middle', `type=customer.reverted&after=${middle}`, 2, MAX_FILTERED_MS],
            ['updates and deletions', `type=customer.updated,customer.deleted&after=${middle}`, 100, MAX_FILTERED_MS],
          ];
          const found = [];
          for (const [name, query, count, maxMs] of cases) {
            const page = await measure(account, databaseUrl, query);
            process.stdout.write(`A million events, ${name}: ${JSON.stringify(page)}\n`);
            found.push({
              name,
              count: page.count,
              isQuick: page.databaseMs < maxMs,
              isBounded: page.buffers < MAX_BUFFERS,
            });
            expect({ name, count: page.count }).toEqual({ name, count });
          }
          expect(found.filter(({ isQuick, isBounded }) => !isQuick || !isBounded)).toEqual([]);
        } finally {
          await service.app.close();
        }
      }),
    240_000,
  );
});

/** By HTTP, and the plan that PostgreSQL keeps for it. */
async function measure(account: Account, databaseUrl: string, query: string) {
  const times: number[] = [];
  let count = 0;
  for (let i = 0; i < ATTEMPTS; i++) {
    const start = performance.now();
    const { status, body } = await account.call('GET', `/api/events?${query}`);
    times.push(performance.now() - start);
    expect([query, status]).toEqual([query, 200]);
    count = body.data.length;
  }
  const statement = await explain(databaseUrl, account.seller.id, new URLSearchParams(query));
  return { count, httpP50Ms: quantile(times, 0.5), ...statement };
}

async function explain(databaseUrl: string, sellerId: string, query: URLSearchParams) {
  const { statement, values } = findEventsStatement({
    sellerId,
    after: readEventCursor(query.get('after') ?? '') ?? BEGINNING,
    limit: Number(query.get('limit') ?? 100),
    types: (query.get('type')?.split(',') as EventType[]) ?? EVENT_TYPES,
    customerId: query.get('customer_id') ?? undefined,
  });
  const client = new Client({
    connectionString: databaseUrl,
    options: '-c enable_seqscan=off -c plan_cache_mode=force_generic_plan',
  });
  await client.connect();
  try {
    const text = `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement.text}`;
    const runs = [];
    for (let i = 0; i < ATTEMPTS; i++) {
      const { rows } = await client.query({ name: 'explain', text, values });
      runs.push(rows[0]['QUERY PLAN'][0]);
    }
    const { Plan } = runs[0];
    expect(JSON.stringify(Plan)).not.toContain('Seq Scan on customer_history');
    const databaseMs =
      quantile(
        runs.map((run) => run['Execution Time'] * 100),
        0.5,
      ) / 100;
    return { databaseMs, buffers: Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks'] };
  } finally {
    await client.end();
  }
}

/** Event by event round all customers, so that a page has a hundred of them. */
async function fill(databaseUrl: string, seller: string): Promise<void> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    await client.query('SET session_replication_role = replica');
    // Indexes are quickest to build when the rows are there.
    const indexes = await client.query(
      `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'customer_history' AND indexname <> 'customer_history_pkey'`,
    );
    for (const { indexname } of indexes.rows) await client.query(`DROP INDEX ${indexname}`);
    await client.query(
      `INSERT INTO customers (seller_id, id, version, first_name, last_name, email, status, source, created_at, updated_at, position)
       SELECT $1, ('00000000-0000-4000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, $3::int, 'Name ' || $3::int, 'Doe',
              'user' || i || '@example.com', 'active', 'api', '2024-01-01', '2024-02-01', $2::int * $3::int
         FROM generate_series(0, $2::int - 1) AS i`,
      [seller, CUSTOMERS, PER_CUSTOMER],
    );
    await client.query(
      `INSERT INTO customer_history (seller_id, customer_id, version, type, changes, actor_type, created_at, position, snapshot)
       SELECT $1, ('00000000-0000-4000-8000-' || lpad(to_hex(i % $2::int), 12, '0'))::uuid, version,
              CASE WHEN version = 1 THEN 'created' WHEN i IN (501000, 501500) THEN 'reverted' ELSE 'updated' END,
              json_build_object('first_name', json_build_object('old', 'Name ' || version - 1, 'new', 'Name ' || version)),
              'cli', timestamptz '2024-01-01' + i * interval '1 second', i + 1,
              CASE WHEN version % $4::int = 0 THEN (
                SELECT json_build_object(${FIELD_NAMES.map((name) => `'${name}', ${name}`).join(', ')}) FROM customers
                 WHERE seller_id = $1 AND id = ('00000000-0000-4000-8000-' || lpad(to_hex(i % $2::int), 12, '0'))::uuid) END
         FROM (SELECT i, 1 + i / $2::int AS version FROM generate_series(0, $3::int - 1) AS i) AS made`,
      [seller, CUSTOMERS, EVENTS, SNAPSHOT_EVERY],
    );
    await client.query(
      `INSERT INTO customer_deletions (seller_id, customer_id, version, position, actor_type, created_at)
       SELECT $1, gen_random_uuid(), 1, i * 300000, 'cli', '2024-01-10' FROM generate_series(1, 3) AS i`,
      [seller],
    );
    for (const { indexdef } of indexes.rows) await client.query(indexdef);
    await client.query('VACUUM ANALYZE customers, customer_history, customer_deletions');
  } finally {
    await client.end();
  }
}
