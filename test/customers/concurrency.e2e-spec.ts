import { setTimeout as sleep } from 'node:timers/promises';
import { beforeUpdates, useServiceWithDatabase } from '../support/database';
import { makeAccount, uniqueEmail } from '../support/factories';

describe('Changes at the same time', () => {
  // They wait for one another, however slow the machine is.
  const service = useServiceWithDatabase({ databaseLockTimeoutMs: 10_000 });

  it('loses none of 100 changes of different members of one customer', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ address_data: { country: 'Germany' } });
    const email = uniqueEmail();
    const changes = [
      { first_name: 'Jane' },
      { last_name: 'Roe' },
      { email },
      { company_name: 'Acme' },
      { legal_entity: 'AG' },
      { language: 'en' },
      { status: 'inactive' },
      { address_data: { street: 'A 1' } },
      { address_data: { city: 'Bonn' } },
      { address_data: { postal_code: '53111' } },
      { postal_redirect_address: { street: 'B 2' } },
      { postal_redirect_address: { city: 'Köln' } },
    ];
    const sent = Array.from({ length: 100 }, (_, i) => changes[i % changes.length]);
    const answers = await Promise.all(sent.map((change) => account.patch(id, change)));
    expect(answers.map(({ status }) => status)).toEqual(sent.map(() => 200));
    expect(await account.row(id)).toMatchObject({
      first_name: 'Jane',
      last_name: 'Roe',
      email,
      company_name: 'Acme',
      legal_entity: 'AG',
      language: 'en',
      status: 'inactive',
      address_data: { street: 'A 1', city: 'Bonn', postal_code: '53111', country: 'Germany' },
      postal_redirect_address: { street: 'B 2', city: 'Köln' },
      version: changes.length + 1,
    });
  });

  it('numbers 100 changes of one member without a gap, in an order in which time never goes back', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const names = Array.from({ length: 100 }, (_, i) => `Name ${i}`);
    const answers = await Promise.all(names.map((first_name) => account.patch(id, { first_name })));
    const byVersion = answers
      .map(({ headers, body }) => ({ version: Number(headers.get('etag')?.replaceAll('"', '')), body }))
      .sort((a, b) => a.version - b.version);
    expect(byVersion.map(({ version }) => version)).toEqual(names.map((_, i) => i + 2));
    const times = byVersion.map(({ body }) => body.updated_at);
    expect(times).toEqual([...times].sort());
    expect(await account.row(id)).toEqual({ ...byVersion.at(-1)?.body, version: 101 });
  });

  it('answers no request with what the customer was before it, though others change it meanwhile', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    let acknowledged = 1;
    const client = async (first_name: string) => {
      for (let i = 0; i < 40; i++) {
        const atLeast = acknowledged;
        const { status, headers, body } =
          i % 3 === 2 ? await account.call('GET', `/api/customers/${id}`) : await account.patch(id, { first_name });
        const version = Number(headers.get('etag')?.replaceAll('"', ''));
        expect([status, version >= atLeast]).toEqual([200, true]);
        if (i % 3 !== 2) expect(body.first_name).toBe(first_name);
        acknowledged = Math.max(acknowledged, version);
      }
    };
    await Promise.all(Array.from({ length: 12 }, (_, i) => client(i % 3 ? 'Ann' : 'Bea')));
    expect((await account.row(id)).version).toBe(acknowledged);
  });

  it('changes a customer back to what it was, though the change before is still under way', async () => {
    const account = await makeAccount(service);
    const { id, first_name } = await account.makeCustomer();
    await beforeUpdates(account, id, 'PERFORM pg_sleep(0.3)');
    const away = account.patch(id, { first_name: 'Jane' });
    await sleep(100);
    // Each change is read with its key before the first one is written.
    const back = await Promise.all([{ first_name }, { first_name }].map((change) => account.patch(id, change)));
    expect([await away, ...back].map(({ status, headers }) => [status, headers.get('etag')])).toEqual([
      [200, '"2"'],
      [200, '"3"'],
      [200, '"3"'],
    ]);
    expect(await account.row(id)).toMatchObject({ first_name, version: 3 });
  });

  it('gives an email that many race for to exactly one', async () => {
    const account = await makeAccount(service);
    const customers = await Promise.all(Array.from({ length: 20 }, () => account.makeCustomer()));
    for (let round = 0; round < 50; round++) {
      const email = uniqueEmail();
      const answers = await Promise.all(
        customers.map(({ id }, i) => account.patch(id, { email: i % 2 ? email : email.toUpperCase() })),
      );
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([200, ...customers.slice(1).map(() => 409)]);
      const winner = answers.find(({ status }) => status === 200)?.body;
      const owners = await account.sql('SELECT id, email FROM customers WHERE seller_id = $1 AND lower(email) = $2', [
        account.seller.id,
        email,
      ]);
      expect(owners).toEqual([{ id: winner.id, email: winner.email }]);
    }
  });

  it('lets two customers swap emails by way of a third address only', async () => {
    const account = await makeAccount(service);
    const [one, other] = [await account.makeCustomer(), await account.makeCustomer()];
    const answers = await Promise.all([
      account.patch(one.id, { email: other.email }),
      account.patch(other.id, { email: one.email }),
    ]);
    for (const { status } of answers) expect([409, 503]).toContain(status);
    expect(await account.row(one.id)).toMatchObject({ email: one.email, version: 1 });
    expect(await account.row(other.id)).toMatchObject({ email: other.email, version: 1 });
  });
});
