import { DataSource } from 'typeorm';
import { migrations } from '../../../migrations/index';
import { migrate } from '../../../src/database/migrate';
import { withDatabase } from '../../support/database';
import { makeAccount } from '../../support/factories';
import { startService } from '../../support/service';

const BEFORE_HISTORY = migrations.findIndex(({ name }) => name.startsWith('CreateCustomerHistory'));

/** More than the migration takes at once. */
const CUSTOMERS = 5003;

describe('Customers who are older than the history', () => {
  it('have one that begins at their version', () =>
    withDatabase(async (url) => {
      const database = await new DataSource({ type: 'postgres', url, migrations }).initialize();
      for (let i = BEFORE_HISTORY; i < migrations.length; i++)
        await database.undoLastMigration({ transaction: 'none' });
      const seller = '01900000-0000-7000-8000-000000000001';
      await database.query(`INSERT INTO sellers (id, name, created_at) VALUES ($1, 'Acme', now())`, [seller]);
      await database.query(
        `INSERT INTO customers (seller_id, id, version, first_name, last_name, email, address_data, status, source,
                                created_at, updated_at)
         SELECT $1, gen_random_uuid(), 4, 'Jane', 'Doe', n || '@example.com', '{"city": "Bonn"}', 'active', 'api',
                '2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z' FROM generate_series(1, $2::int) AS n`,
        [seller, CUSTOMERS],
      );
      await migrate(url);
      const [{ count }] = await database.query(`SELECT count(*)::int FROM customer_history WHERE version = 4`);
      const [{ id }] = await database.query(`SELECT id FROM customers WHERE email = '7@example.com'`);
      await database.destroy();
      expect(count).toBe(CUSTOMERS);
      const service = await startService({ databaseUrl: url });
      try {
        const account = await makeAccount(service);
        await account.sql('UPDATE api_keys SET seller_id = $1 WHERE id = $2', [seller, account.apiKey.id]);
        expect((await account.patch(id, { first_name: 'Ann', address_data: null })).headers.get('etag')).toBe('"5"');
        const then = await account.call('GET', `/api/customers/${id}?version=4`);
        expect([then.status, then.body]).toEqual([
          200,
          expect.objectContaining({
            first_name: 'Jane',
            address_data: { city: 'Bonn' },
            updated_at: '2024-02-01T00:00:00.000Z',
          }),
        ]);
        expect((await account.call('GET', `/api/customers/${id}?version=3`)).status).toBe(404);
        const { body } = await account.call('GET', `/api/customers/${id}/history`);
        expect(body.data.map(({ version, type }: { version: number; type: string }) => [version, type])).toEqual([
          [5, 'updated'],
          [4, 'created'],
        ]);
        expect(body.data[1].changes.email).toEqual({ old: null, new: '7@example.com' });
      } finally {
        await service.app.close();
      }
    }));
});
