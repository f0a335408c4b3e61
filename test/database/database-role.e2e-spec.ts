import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { withDatabase } from '../support/database';
import { importRecords } from '../support/import';
import { startService } from '../support/service';
import { makeWebhook, makeWebhookAccount, Receiver } from '../support/webhooks';

describe('A database role that may do no more than read and write rows', () => {
  it('with the grants of docs/operations.md is all that the service needs', () =>
    withDatabase(async (url) => {
      const role = `service_${new URL(url).pathname.slice(1)}`;
      const owner = new Client(url);
      await owner.connect();
      const operations = await readFile('docs/operations.md', 'utf8');
      const grants = /```sql\n(CREATE ROLE[\s\S]*?)```/.exec(operations)?.[1] ?? '';
      const database = new URL(url).pathname.slice(1);
      expect(grants).toContain('GRANT');
      await owner.query(
        grants.replaceAll('customers_service', role).replaceAll('DATABASE customers', `DATABASE ${database}`),
      );
      const restricted = Object.assign(new URL(url), { username: role, password: 'change-me' });
      const service = await startService({ databaseUrl: restricted.href, webhookWorkers: 2 });
      const receiver = await Receiver.start();
      try {
        const account = await makeWebhookAccount(service);
        const webhook = await makeWebhook(account, { url: receiver.url, event_types: ['customer.created'] });
        const { id } = await account.makeCustomer();
        const headers = { 'idempotency-key': 'once' };
        expect((await account.patch(id, { first_name: 'Jane' }, { headers })).status).toBe(200);
        expect((await account.patch(id, { status: 'suspended' })).status).toBe(200);
        expect((await account.call('POST', `/api/customers/${id}/revert`, { body: { version: 1 } })).status).toBe(200);
        expect((await account.call('POST', `/api/customers/${id}/portal-sessions`)).status).toBe(201);
        for (const path of ['', '?search=doe', '?updated_since=2024-01-01T00:00:00Z', `/${id}/history`]) {
          expect((await account.call('GET', `/api/customers${path}`)).status).toBe(200);
        }
        const record = { first_name: 'Jane', last_name: 'Doe', email: 'jane@example.com' };
        expect(await importRecords(account, [record], { dryRun: true })).toMatchObject({ created: 1 });
        await receiver.waitFor(1);
        const { body } = await account.call('GET', `/api/webhooks/${webhook.id}/deliveries`);
        expect(body.data).toMatchObject([{ event_type: 'customer.created' }]);
        await expect(account.sql('CREATE TABLE mine (id int)')).rejects.toThrow('permission denied');
        await expect(account.sql('ALTER TABLE customers ADD COLUMN mine int')).rejects.toThrow('must be owner');
        await expect(account.sql('TRUNCATE customers CASCADE')).rejects.toThrow('permission denied');
        expect((await account.call('DELETE', `/api/customers/${id}`)).status).toBe(204);
      } finally {
        await service.app.close();
        await receiver.close();
        await owner.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
        await owner.end();
      }
    }));
});
