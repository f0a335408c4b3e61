import { DataSource } from 'typeorm';
import { beforeUpdates, useServiceWithDatabase, withDatabase } from '../support/database';
import { makeAccount } from '../support/factories';
import { request } from '../support/http';
import { startService } from '../support/service';

const PROBLEM = { headers: { accept: 'application/problem+json' } };

describe('A failure of the service itself', () => {
  const service = useServiceWithDatabase();

  async function customer() {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    return { account, id, path: `/api/customers/${id}` };
  }

  it('say nothing of their cause', async () => {
    const { account, id } = await customer();
    await beforeUpdates(account, id, "RAISE EXCEPTION 'a secret of the database'");
    const { status, headers, body } = await account.patch(id, { first_name: 'Jane' });
    expect([status, body]).toEqual([500, { error: 'Internal Server Error', message: 'An unexpected error occurred' }]);
    expect(headers.get('etag')).toBeNull();
    const problem = await account.patch(id, { first_name: 'Jane' }, PROBLEM);
    expect(problem.body).toEqual({
      type: '/problems/internal-server-error',
      title: 'Internal Server Error',
      status: 500,
      detail: 'An unexpected error occurred',
      instance: problem.headers.get('x-request-id'),
    });
  });

  it('ask to come back, while the database is gone, and are over when it is back', () =>
    withDatabase(async (url) => {
      const account = await makeAccount(service);
      const name = new URL(url).pathname.slice(1);
      const other = await startService({ databaseUrl: url });
      try {
        const tenant = await makeAccount(other);
        const { id } = await tenant.makeCustomer();
        await account.sql(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
        await account.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [name]);
        for (let i = 0; i < 10; i++) {
          const { status, headers, body } = await tenant.patch(id, { first_name: `Jane ${i}` });
          expect([status, body]).toEqual([
            503,
            { error: 'Service Unavailable', message: 'Service temporarily unavailable' },
          ]);
          expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        }
        expect((await request('GET', `${other.url}/health/ready`)).status).toBe(503);
        expect((await request('GET', `${other.url}/health/live`)).status).toBe(200);
        await account.sql(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
        expect((await tenant.patch(id, { first_name: 'Back' })).status).toBe(200);
        expect((await request('GET', `${other.url}/health/ready`)).status).toBe(200);
      } finally {
        await other.app.close();
      }
    }));

  it('ask to come back, and are over, when the type of a column has changed', () =>
    withDatabase(async (url) => {
      const migrated = await startService({ databaseUrl: url });
      try {
        const tenant = await makeAccount(migrated);
        const { id } = await tenant.makeCustomer();
        const send = () =>
          Promise.all(Array.from({ length: 30 }, (_, i) => tenant.patch(id, { first_name: `A ${i}` })));
        await send();
        await tenant.sql('ALTER TABLE customers ALTER legal_entity TYPE varchar(100)');
        const statuses = new Set((await send()).map(({ status }) => status));
        expect(statuses).not.toContain(500);
        for (let i = 0; i < 20; i++) await tenant.patch(id, { first_name: `B ${i}` });
        expect(new Set((await send()).map(({ status }) => status))).toEqual(new Set([200]));
      } finally {
        await migrated.app.close();
      }
    }));

  it('come when a row stays locked', async () => {
    const { account, id } = await customer();
    const runner = service.app.get(DataSource).createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query('SELECT 1 FROM customers WHERE id = $1 FOR UPDATE', [id]);
      const { status, headers } = await account.patch(id, { first_name: 'Jane' });
      expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
    expect((await account.patch(id, { first_name: 'Jane' })).status).toBe(200);
  });
});
