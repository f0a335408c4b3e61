import { Client } from 'pg';
import { makeAccount, uniqueEmail } from '../support/factories';
import { databaseUrl, useService } from '../support/service';

/** Does something while a transaction of somebody else is open. */
async function meanwhile<T>(statement: string, values: unknown[], act: () => Promise<T>): Promise<T> {
  const holder = new Client(databaseUrl());
  await holder.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(statement, values);
    return await act();
  } finally {
    await holder.query('ROLLBACK');
    await holder.end();
  }
}

const LOCK = 'SELECT FROM customers WHERE id = ANY($1) FOR UPDATE';

describe('What somebody else holds', () => {
  const service = useService();

  it('keeps back the creation that wants the same email, and no other', async () => {
    const account = await makeAccount(service);
    const email = uniqueEmail();
    const create = (address: string) =>
      account.call('POST', '/api/customers', { body: { first_name: 'Jane', last_name: 'Doe', email: address } });
    const insert = `INSERT INTO customers (seller_id, id, first_name, last_name, email, status, source, created_at, updated_at)
      VALUES ($1, gen_random_uuid(), 'A', 'B', $2, 'active', 'api', now(), now())`;
    const answers = await meanwhile(insert, [account.seller.id, email], () =>
      Promise.all(Array.from({ length: 60 }, (_, i) => create(i % 20 === 3 ? email : uniqueEmail()))),
    );
    const expected = answers.map((_, i) => (i % 20 === 3 ? 503 : 201));
    expect(answers.map(({ status }) => status)).toEqual(expected);
    expect((await create(email)).status).toBe(201);
  });

  it('leaves room for changes of every kind of other customers', async () => {
    const account = await makeAccount(service);
    const make = async () => (await account.makeCustomer()).id;
    const held = await Promise.all(Array.from({ length: 6 }, make));
    const [one, two, three, four] = await Promise.all([make(), make(), make(), make()]);
    await account.patch(String(one), { first_name: 'Ann' });
    await meanwhile(LOCK, [held], async () => {
      const waiting = Promise.all(held.map((id) => account.patch(id, { status: 'suspended' })));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const others = await Promise.all([
        account.call('POST', `/api/customers/${one}/revert`, { body: { version: 1 } }),
        account.patch(String(two), { status: 'inactive' }),
        account.call('PATCH', '/api/customers', { body: { customers: [{ id: three, first_name: 'Ann' }] } }),
        account.call('PATCH', `/api/customers/${three}?dry_run=true`, { body: { first_name: 'Eve' } }),
        account.call('DELETE', `/api/customers/${four}`),
      ]);
      expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 200, 204]);
      expect((await waiting).map(({ status }) => status)).toEqual(held.map(() => 503));
    });
  });

  it('makes a bulk with an Idempotency-Key fail as a whole, so that its retry can carry out all of it, once', async () => {
    const account = await makeAccount(service);
    const [free, held] = [await account.makeCustomer(), await account.makeCustomer()];
    const options = {
      headers: { 'idempotency-key': 'bulk' },
      body: { customers: [free, held].map(({ id }) => ({ id, first_name: 'Ann' })) },
    };
    const bulk = () => account.call('PATCH', '/api/customers', options);
    expect((await meanwhile(LOCK, [[held.id]], bulk)).status).toBe(503);
    expect(await account.row(free.id)).toMatchObject({ version: 1 });
    const { status, headers } = await bulk();
    expect([status, headers.get('idempotent-replayed')]).toEqual([200, null]);
    await account.patch(free.id, { first_name: 'Eve' });
    expect((await bulk()).headers.get('idempotent-replayed')).toBe('true');
    expect(await account.row(free.id)).toMatchObject({ first_name: 'Eve', version: 3 });
  });

  it('keeps no retry from its answer, nor do other retries', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const options = { headers: { 'idempotency-key': 'once' } };
    const suspend = () => account.patch(id, { status: 'suspended' }, options);
    expect((await suspend()).status).toBe(200);
    const retries = await meanwhile(LOCK, [[id]], () => Promise.all(Array.from({ length: 20 }, suspend)));
    for (const { status, headers } of retries) {
      expect([status, headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    }
  });
});
