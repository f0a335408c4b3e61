import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useServiceWithDatabase, runSql } from '../../support/database';
import { makeAccount } from '../../support/factories';
import { cli, inTemporaryFolder } from '../../support/process';

const LINES = 5_000;

/** So long that the index of emails has a level more than that of ids. */
const DOMAIN = `${'d'.repeat(60)}.${'d'.repeat(60)}.${'d'.repeat(60)}.example`;

/** How many entries of indexes PostgreSQL has read to find rows of a table. */
const READ = `SELECT sum(idx_tup_read)::int AS entries FROM pg_stat_user_indexes WHERE relname = 'customers'`;

const OTHERS = `
  INSERT INTO customers (seller_id, id, first_name, last_name, email, status, source, created_at, updated_at)
  SELECT $1, gen_random_uuid(), 'Jane', 'Doe', i || '@example.com', 'active', 'api', now(), now()
    FROM generate_series(1, $2::int) AS i`;

describe('An import into a database whose statistics know nothing of the seller', () => {
  const service = useServiceWithDatabase();

  it.each([
    ['one other seller has 30 customers', 1, 30],
    ['300 other sellers have a customer each', 300, 1],
  ])(
    'finds each customer by the index for it: %s',
    async (_, sellers, customers) => {
      const account = await makeAccount(service);
      for (let i = 0; i < sellers; i++) {
        const other = await makeAccount(service);
        await other.sql(OTHERS, [other.seller.id, customers]);
      }
      await runSql(service.databaseUrl, 'ALTER TABLE customers SET (autovacuum_enabled = off)', 'ANALYZE');
      const [before] = await account.sql(READ);
      await inTemporaryFolder(async (folder) => {
        const file = join(folder, 'a.csv');
        const lines = Array.from({ length: LINES }, (_, i) => `Jane,Doe,${i}@${DOMAIN}\n`);
        await writeFile(file, `first_name,last_name,email\n${lines.join('')}`);
        const run = () =>
          cli(['customers', 'import', file, '--seller', account.seller.id], { DATABASE_URL: service.databaseUrl });
        expect((await run()).code).toBe(0);
      });
      const [after] = await account.sql(READ);
      expect(after?.entries - before?.entries).toBeLessThan(5 * LINES);
    },
    60_000,
  );
});
