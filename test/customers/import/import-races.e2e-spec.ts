import { DataSource, type EntityManager } from 'typeorm';
import { type Account, makeAccount } from '../../support/factories';
import { importRecords, storedCustomers } from '../../support/import';
import { makeSession, readSession } from '../../support/portal';
import { useService } from '../../support/service';

describe('An import while others write', () => {
  const service = useService({
    databaseLockTimeoutMs: 500,
    databaseStatementTimeoutMs: 10_000,
    databaseIdleInTransactionTimeoutMs: 10_000,
  });
  let account: Account;
  beforeEach(async () => void (account = await makeAccount(service)));

  const person = (email: string, members = {}) => ({ first_name: 'Jane', last_name: 'Doe', email, ...members });

  /** Runs something while a transaction holds what `work` has done, which is then committed. */
  async function during<T>(work: (transaction: EntityManager) => Promise<unknown>, act: () => Promise<T>, ms?: number) {
    let acting: Promise<T> | undefined;
    await service.app.get(DataSource).transaction(async (transaction) => {
      await work(transaction);
      acting = act();
      await (ms === undefined ? acting : new Promise((resolve) => setTimeout(resolve, ms)));
    });
    return acting as Promise<T>;
  }

  const records = ['a', 'b', 'c', 'd'].map((name) => person(`${name}@d.example`, { company_name: 'Imported' }));

  it('changes a customer whom somebody else creates at the same time', async () => {
    const create = `INSERT INTO customers (seller_id, id, first_name, last_name, email, status, source, created_at, updated_at)
      VALUES ($1, gen_random_uuid(), 'John', 'Doe', 'B@d.example', 'active', 'api', now(), now())`;
    const outcome = await during(
      (transaction) => transaction.query(create, [account.seller.id]),
      () => importRecords(account, records),
      100,
    );
    expect(outcome).toEqual({ created: 3, updated: 1, unchanged: 0, failed: 0, report: [] });
    const stored = await storedCustomers(account);
    expect(stored).toHaveLength(4);
    expect(stored.find(({ email }) => email === 'b@d.example')).toMatchObject({ source: 'api', version: 2 });
  });

  it('merges into what the other one leaves', async () => {
    const { id } = await account.makeCustomer({ email: 'b@d.example' });
    const outcome = await during(
      (transaction) =>
        transaction.query(`UPDATE customers SET legal_entity = 'AG', version = version + 1 WHERE id = $1`, [id]),
      () => importRecords(account, records),
      100,
    );
    expect(outcome).toMatchObject({ created: 3, updated: 1, failed: 0 });
    expect(await account.row(id)).toMatchObject({ legal_entity: 'AG', company_name: 'Imported', version: 3 });
  });

  it('leaves out only the line whose customer stays locked', async () => {
    const { id } = await account.makeCustomer({ email: 'b@d.example' });
    const outcome = await during(
      (transaction) => transaction.query('SELECT FROM customers WHERE id = $1 FOR UPDATE', [id]),
      () => importRecords(account, records),
    );
    expect(outcome).toMatchObject({ created: 3, failed: 1 });
    expect(outcome.report).toEqual(['Line 2: somebody else is changing this customer; run the same import again.']);
  });

  it('loses nothing to 300 requests for the same customers', async () => {
    const emails = Array.from({ length: 100 }, (_, i) => `${i}@d.example`);
    const importing = importRecords(
      account,
      emails.map((email) => person(email, { company_name: 'Imported' })),
    );
    const requests = emails.map(async (email) => {
      const created = await account.call('POST', '/api/customers', { body: person(email.toUpperCase()) });
      const { body } = await account.call('GET', `/api/customers?email=${email}`);
      const patched = await account.patch(body.data[0].id, { legal_entity: 'AG' });
      return [created.status, patched.status];
    });
    const statuses = await Promise.all(requests);
    const outcome = await importing;
    expect(outcome).toMatchObject({ failed: 0, unchanged: 0 });
    expect(statuses.filter(([created]) => created === 201)).toHaveLength(outcome.updated ?? NaN);
    for (const [created, patched] of statuses) {
      expect([201, 409]).toContain(created);
      expect(patched).toBe(200);
    }
    const stored = await storedCustomers(account);
    expect(stored).toHaveLength(100);
    for (const row of stored) expect(row).toMatchObject({ legal_entity: 'AG', company_name: 'Imported' });
  });

  it('ends the portal sessions of customers who are no longer active', async () => {
    const [one, other] = [await account.makeCustomer(), await account.makeCustomer()];
    const tokens = [await makeSession(account, one.id), await makeSession(account, other.id)].map(
      ({ body }) => body.token,
    );
    const suspended = [person(one.email, { status: 'suspended' }), person(other.email)];
    const statuses = () =>
      Promise.all(tokens.map((token) => readSession(service, token))).then((read) => read.map(({ status }) => status));
    await importRecords(account, suspended, { dryRun: true });
    expect(await statuses()).toEqual([200, 200]);
    await importRecords(account, suspended);
    expect(await statuses()).toEqual([401, 200]);
    await importRecords(account, [person(one.email, { status: 'active' })]);
    expect(await statuses()).toEqual([401, 200]);
  });
});
