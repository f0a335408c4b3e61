import { randomUUID } from 'node:crypto';
import { CustomersService } from '../../../src/customers/customers.service';
import { type Account, makeAccount, uniqueEmail } from '../../support/factories';
import { importRecords } from '../../support/import';
import { useService } from '../../support/service';

const NOT_FOUND = { error: 'Not Found', message: 'Customer not found' };

describe('GET /api/customers/{id}/history', () => {
  const service = useService();
  const person = () => ({ first_name: 'John', last_name: 'Doe', email: uniqueEmail() });

  const history = (account: Account, id: string, query = '') =>
    account.call('GET', `/api/customers/${id}/history${query}`);

  it('begins with the creation, which names each member that is not null, in order', async () => {
    const account = await makeAccount(service);
    const sent = {
      postal_redirect_address: { country: 'Germany', street: 'Weg 5' },
      company_name: 'Acme',
      legal_entity: null,
      ...person(),
    };
    const created = await account.call('POST', '/api/customers', { body: sent });
    const { status, headers, body } = await history(account, created.body.id);
    expect([status, headers.get('etag')]).toEqual([200, null]);
    expect(body).toEqual({
      data: [
        {
          version: 1,
          type: 'created',
          changes: {
            first_name: { old: null, new: 'John' },
            last_name: { old: null, new: 'Doe' },
            email: { old: null, new: sent.email },
            company_name: { old: null, new: 'Acme' },
            language: { old: null, new: 'de' },
            status: { old: null, new: 'active' },
            postal_redirect_address: { old: null, new: { street: 'Weg 5', country: 'Germany' } },
          },
          actor: { type: 'api_key', id: account.apiKey.id, name: 'Test' },
          request_id: created.headers.get('x-request-id'),
          created_at: created.body.created_at,
        },
      ],
      next_cursor: null,
    });
    const [entry] = body.data;
    expect(Object.keys(entry)).toEqual(['version', 'type', 'changes', 'actor', 'request_id', 'created_at']);
    expect(Object.keys(entry.changes)).toEqual([
      'first_name',
      'last_name',
      'email',
      'company_name',
      'language',
      'status',
      'postal_redirect_address',
    ]);
    expect(Object.keys(entry.changes.postal_redirect_address.new)).toEqual(['street', 'country']);
  });

  it('tells what a change changed, in the order of the members, an address as one whole value', async () => {
    const account = await makeAccount(service);
    const before = await account.makeCustomer({
      company_name: 'Old',
      address_data: { street: 'A 1', city: 'Bonn', country: 'Germany' },
    });
    const change = {
      address_data: { country: null, postal_code: '53111' },
      status: 'inactive',
      language: 'de',
      company_name: null,
      first_name: 'Jane',
    };
    const { body: after, headers } = await account.patch(before.id, change);
    const { body } = await history(account, before.id);
    expect(body.data).toHaveLength(2);
    const [entry] = body.data;
    expect(entry).toMatchObject({ version: 2, type: 'updated', created_at: after.updated_at });
    expect(entry.request_id).toBe(headers.get('x-request-id'));
    // As texts, which differ by the order of members too.
    const expected = {
      first_name: { old: 'John', new: 'Jane' },
      company_name: { old: 'Old', new: null },
      status: { old: 'active', new: 'inactive' },
      address_data: {
        old: { street: 'A 1', city: 'Bonn', country: 'Germany' },
        new: { street: 'A 1', city: 'Bonn', postal_code: '53111' },
      },
    };
    expect(JSON.stringify(entry.changes)).toBe(JSON.stringify(expected));
  });

  it('names the key that made a change, and keeps the request id that a client sends', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const other = await account.makeKey({ name: 'Billing' });
    const requestId = `client-${randomUUID()}`;
    const headers = { 'x-request-id': requestId };
    expect((await account.patch(id, { first_name: 'Jane' }, { key: other.key, headers })).status).toBe(200);
    const { body } = await history(account, id.toUpperCase());
    expect(body.data[0]).toMatchObject({
      actor: { type: 'api_key', id: other.id, name: 'Billing' },
      request_id: requestId,
    });
  });

  it('names the command line where no key was used', async () => {
    const account = await makeAccount(service);
    const byCommand = { actor: { type: 'cli', id: null, name: null }, request_id: null };
    const { customer } = await service.app.get(CustomersService).create(account.seller.id, person(), 'cli');
    expect((await history(account, customer.id)).body.data).toMatchObject([{ version: 1, ...byCommand }]);

    const email = uniqueEmail();
    await importRecords(account, [{ ...person(), email }]);
    await importRecords(account, [{ ...person(), email, first_name: 'Jane' }]);
    const { body } = await account.call('GET', `/api/customers?email=${email}`);
    expect((await history(account, body.data[0].id)).body.data).toMatchObject([
      { version: 2, type: 'updated', changes: { first_name: { old: 'John', new: 'Jane' } }, ...byCommand },
      { version: 1, type: 'created', ...byCommand },
    ]);
  });

  it('has nothing of a change that changes nothing, nor of one that fails', async () => {
    const account = await makeAccount(service);
    const { id, email } = await account.makeCustomer({ address_data: { city: 'Bonn' } });
    const other = await account.makeCustomer();
    const attempts = [
      await account.patch(id, { first_name: 'John', email, address_data: { city: 'Bonn', street: null } }),
      await account.patch(id, { first_name: 'Jane', email: other.email }),
      await account.patch(id, { first_name: '' }),
      await account.patch(id, { first_name: 'Jane' }, { headers: { 'if-match': '"2"' } }),
      await account.patch(id, { first_name: 'Jane' }, { headers: { 'idempotency-key': '' } }),
    ];
    expect(attempts.map(({ status }) => status)).toEqual([200, 409, 400, 412, 400]);
    expect((await history(account, id)).body.data.map(({ version }: any) => version)).toEqual([1]);
  });

  it('comes page by page, newest first', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    for (let i = 2; i <= 25; i++) await account.patch(id, { first_name: `Name ${i}` });
    const newest = Array.from({ length: 25 }, (_, i) => 25 - i);

    const byDefault = await history(account, id);
    expect(byDefault.body.data.map(({ version }: any) => version)).toEqual(newest.slice(0, 20));
    expect(byDefault.body.next_cursor).toEqual(expect.any(String));

    const pages: number[][] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body } = await history(account, id, `?limit=10${cursor && `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      pages.push(body.data.map(({ version }: any) => version));
      // What comes in between is newer than all that is still to be read.
      if (cursor === '') await account.patch(id, { first_name: 'In between' });
      cursor = body.next_cursor;
    }
    expect(pages).toEqual([newest.slice(0, 10), newest.slice(10, 20), newest.slice(20)]);
    expect((await history(account, id, '?limit=26')).body.next_cursor).toBeNull();
    expect((await history(account, id, '?limit=25')).body.next_cursor).not.toBeNull();
  });

  it.each([
    ['limit=0', 'querystring/limit must be >= 1'],
    ['limit=101', 'querystring/limit must be <= 100'],
    ['limit=x', 'querystring/limit must be integer'],
    ['limit=1&limit=2', 'querystring/limit must be integer'],
    ['cursor=', 'querystring/cursor must match format "cursor"'],
    ['cursor=nonsense', 'querystring/cursor must match format "cursor"'],
    [`cursor=${Buffer.from('below:0').toString('base64url')}`, 'querystring/cursor must match format "cursor"'],
    [
      `cursor=${Buffer.from('below:9999999999').toString('base64url')}`,
      'querystring/cursor must match format "cursor"',
    ],
    ['version=1', 'querystring must NOT have additional properties'],
  ])('refuses ?%s', async (query, message) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, body } = await history(account, id, `?${query}`);
    expect([status, body]).toEqual([400, { error: 'Bad Request', message }]);
  });

  it('is that of the seller’s own customers alone', async () => {
    const account = await makeAccount(service);
    const { id } = await (await makeAccount(service)).makeCustomer();
    for (const unknown of [id, randomUUID()]) {
      const { status, body } = await history(account, unknown);
      expect([status, body]).toEqual([404, NOT_FOUND]);
    }
  });

  it('needs the scope to read', async () => {
    const account = await makeAccount(service, { scopes: ['customers:write'] });
    const { id } = await account.makeCustomer();
    const { status, body } = await history(account, id);
    expect([status, body.message]).toEqual([403, 'API key does not have the customers:read scope']);
  });
});
