import { randomUUID } from 'node:crypto';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import type { RequestOptions } from '../support/http';
import { makeSession, readSession } from '../support/portal';
import { useService } from '../support/service';

const NOT_FOUND = { status: 404, error: 'Not Found', message: 'Customer not found' };
const TAKEN = { status: 409, error: 'Conflict', message: 'A customer with this email already exists' };
const badRequest = (message: string) => ({ status: 400, error: 'Bad Request', message });

describe('PATCH /api/customers', () => {
  const service = useService();

  const bulk = (account: Account, customers: unknown, options: RequestOptions = {}) =>
    account.call('PATCH', '/api/customers', { body: { customers }, ...options });

  const make = (account: Account, count: number) =>
    Promise.all(Array.from({ length: count }, () => account.makeCustomer({ address_data: { city: 'Bonn' } })));

  it('changes each customer as a PATCH of its own would, and answers in the order sent', async () => {
    const account = await makeAccount(service);
    const made = await make(account, 4);
    const [a, b, c, d] = made as [any, any, any, any];
    await account.patch(c.id, { first_name: 'Jane' });
    const email = uniqueEmail();
    const { status, headers, body } = await bulk(account, [
      { id: d.id, email },
      { id: b.id, address_data: { street: 'A 1', city: null }, company_name: null },
      { id: c.id.toUpperCase(), language: null, status: 'inactive' },
      { address_data: null, id: a.id },
    ]);
    expect([status, headers.get('etag'), headers.get('location')]).toEqual([200, null, null]);
    const updated_at = expect.any(String);
    expect(body).toEqual({
      results: [
        { id: d.id, status: 200, customer: { ...d, email, updated_at } },
        { id: b.id, status: 200, customer: { ...b, address_data: { street: 'A 1' }, updated_at } },
        {
          id: c.id,
          status: 200,
          customer: { ...c, first_name: 'Jane', language: null, status: 'inactive', updated_at },
        },
        { id: a.id, status: 200, customer: { ...a, address_data: null, updated_at } },
      ],
    });
    for (const { id, customer } of body.results) {
      expect(Object.keys(customer)).toEqual(Object.keys(a));
      expect(await account.row(id)).toEqual({ ...customer, version: id === c.id ? 3 : 2 });
    }
  });

  it('enters every change into the history of its customer', async () => {
    const account = await makeAccount(service);
    const [one, other] = (await make(account, 2)) as [any, any];
    const { headers } = await bulk(account, [
      { id: one.id, first_name: 'Jane' },
      { id: other.id, first_name: 'Ann' },
    ]);
    for (const [id, name] of [
      [one.id, 'Jane'],
      [other.id, 'Ann'],
    ]) {
      const { body } = await account.call('GET', `/api/customers/${id}/history`);
      expect(body.data).toHaveLength(2);
      expect(body.data[0]).toMatchObject({
        version: 2,
        type: 'updated',
        changes: { first_name: { old: 'John', new: name } },
        actor: { type: 'api_key', id: account.apiKey.id, name: 'Test' },
        request_id: headers.get('x-request-id'),
      });
    }
  });

  it('gives each change a result of its own, and lets none get in the way of another', async () => {
    const account = await makeAccount(service);
    const [a, b, c, d, e] = (await make(account, 5)) as [any, any, any, any, any];
    const stranger = await (await makeAccount(service)).makeCustomer();
    const unknown = randomUUID();
    const { status, body } = await bulk(account, [
      { id: a.id, first_name: 'Jane' },
      { id: unknown.toUpperCase(), first_name: 'Jane' },
      { id: stranger.id, first_name: 'Jane' },
      { id: b.id, first_name: '', email: 'x' },
      { id: c.id, first_name: 'Jane', email: a.email.toUpperCase() },
      { id: d.id, frist_name: 'Jane' },
      { id: e.id, address_data: { city: 'Köln', zip: '1' } },
    ]);
    expect(status).toBe(200);
    expect(body.results).toEqual([
      { id: a.id, status: 200, customer: expect.objectContaining({ first_name: 'Jane' }) },
      { id: unknown, ...NOT_FOUND },
      { id: stranger.id, ...NOT_FOUND },
      { id: b.id, ...badRequest('body/customers/3/first_name must NOT have fewer than 1 characters') },
      { id: c.id, ...TAKEN },
      { id: d.id, ...badRequest('body/customers/5 must NOT have additional properties') },
      { id: e.id, ...badRequest('body/customers/6/address_data must NOT have additional properties') },
    ]);
    for (const { id, ...rest } of [b, c, d, e]) expect(await account.row(id)).toEqual({ id, ...rest, version: 1 });
  });

  it.each([
    [{ email: 'x' }, '/email must match format "email"'],
    [{ email: null }, '/email must be string'],
    [{ company_name: 5 }, '/company_name must be string,null'],
    [{ status: 'gone' }, '/status must be equal to one of the allowed values'],
    [{ address_data: { city: '' } }, '/address_data/city must NOT have fewer than 1 characters'],
    [{ seller_id: randomUUID() }, ' must NOT have additional properties'],
  ])('says where %j is wrong', async (change, message) => {
    const account = await makeAccount(service);
    const [one, other] = (await make(account, 2)) as [any, any];
    const { body } = await bulk(account, [
      { id: one.id, first_name: 'Jane' },
      { id: other.id, ...change },
    ]);
    expect(body.results.map(({ status }: any) => status)).toEqual([200, 400]);
    expect(body.results[1]).toEqual({ id: other.id, ...badRequest(`body/customers/1${message}`) });
  });

  it('refuses an item with only an id, by itself', async () => {
    const account = await makeAccount(service);
    const [one, other] = (await make(account, 2)) as [any, any];
    const { status, body } = await bulk(account, [{ id: one.id }, { id: other.id, first_name: 'Jane' }]);
    expect(status).toBe(200);
    const message = expect.stringMatching(/^body\/customers\/0 must NOT have fewer than \d properties$/);
    expect(body.results[0]).toEqual({ id: one.id, status: 400, error: 'Bad Request', message });
    expect(body.results[1].status).toBe(200);
  });

  it('leaves a customer that is so already as it is', async () => {
    const account = await makeAccount(service);
    const [one, other] = (await make(account, 2)) as [any, any];
    const row = () => account.sql('SELECT xmin, * FROM customers WHERE id = $1', [one.id]);
    const before = await row();
    const { body } = await bulk(account, [
      { id: one.id, first_name: 'John', address_data: { city: 'Bonn', street: null } },
      { id: other.id, first_name: 'Jane' },
    ]);
    expect(body.results[0]).toEqual({ id: one.id, status: 200, customer: one });
    expect(await row()).toEqual(before);
    expect((await account.call('GET', `/api/customers/${one.id}/history`)).body.data).toHaveLength(1);
  });

  it('takes 100 changes', async () => {
    const account = await makeAccount(service);
    const made = await make(account, 100);
    const { status, body } = await bulk(
      account,
      made.map(({ id }, index) => ({ id, first_name: `Name ${index}`, email: uniqueEmail() })),
    );
    expect(status).toBe(200);
    expect(body.results.map(({ id, customer }: any) => [id, customer?.first_name])).toEqual(
      made.map(({ id }, index) => [id, `Name ${index}`]),
    );
  });

  it.each(['suspended', 'inactive'])('ends the portal sessions of those who become %s', async (status) => {
    const account = await makeAccount(service);
    const [one, other, third] = (await make(account, 3)) as [any, any, any];
    const tokens: string[] = [];
    for (const { id } of [one, other, third]) tokens.push((await makeSession(account, id)).body.token);
    await bulk(account, [
      { id: one.id, status },
      { id: other.id, first_name: 'Jane' },
      { id: third.id, status, email: one.email },
    ]);
    const statuses = () => Promise.all(tokens.map(async (token) => (await readSession(service, token)).status));
    expect(await statuses()).toEqual([401, 200, 200]);
    // For good: they do not come back with their customer.
    await bulk(account, [{ id: one.id, status: 'active' }]);
    expect(await statuses()).toEqual([401, 200, 200]);
  });

  it('needs the scope to write, and a key', async () => {
    const account = await makeAccount(service, { scopes: ['customers:read'] });
    const { id } = await account.makeCustomer();
    const { status, body } = await bulk(account, [{ id, first_name: 'Jane' }]);
    expect([status, body.message]).toEqual([403, 'API key does not have the customers:write scope']);
    expect((await bulk(account, [{ id, first_name: 'Jane' }], { key: 'x' })).status).toBe(401);
    expect((await account.row(id)).version).toBe(1);
  });
});
