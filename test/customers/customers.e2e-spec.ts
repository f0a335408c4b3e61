import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import { request, type RequestOptions } from '../support/http';
import { useService } from '../support/service';

describe('A customer’s life', () => {
  const service = useService();
  const collection = () => `${service.url}/api/customers`;
  const of = (id: string) => `${collection()}/${id}`;
  const person = () => ({ first_name: 'John', last_name: 'Doe', email: uniqueEmail() });

  const create = (account: Account, body: unknown) => request('POST', collection(), { key: account.key, body });

  describe('POST /api/customers', () => {
    it('creates a customer from three members, with defaults for the rest', async () => {
      const account = await makeAccount(service);
      const sent = person();
      const { status, headers, body } = await create(account, sent);
      expect(status).toBe(201);
      expect(headers.get('location')).toBe(`/api/customers/${body.id}`);
      expect(headers.get('etag')).toBe('"1"');
      expect(body).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/),
        seller_id: account.seller.id,
        ...sent,
        company_name: null,
        legal_entity: null,
        language: 'de',
        address_data: null,
        postal_redirect_address: null,
        status: 'active',
        source: 'api',
        created_at: body.created_at,
        updated_at: body.created_at,
      });
      expect(await account.row(body.id)).toEqual({ ...body, version: 1 });
    });

    it('takes every member', async () => {
      const account = await makeAccount(service);
      const sent = {
        ...person(),
        company_name: 'Acme',
        legal_entity: null,
        language: null,
        status: 'suspended',
        address_data: { city: 'Bonn', street: null },
        postal_redirect_address: { city: null },
      };
      const { status, body } = await create(account, sent);
      expect(status).toBe(201);
      expect(body).toMatchObject({ ...sent, address_data: { city: 'Bonn' }, postal_redirect_address: null });
      expect(body.address_data).toEqual({ city: 'Bonn' });
    });

    it.each([
      [{}, "body must have required property 'first_name'"],
      [{ first_name: 'J', email: 'x' }, "body must have required property 'last_name'"],
      [{ first_name: '', last_name: 'D', id: 1 }, "body must have required property 'email'"],
      [{ first_name: '', last_name: 'D', email: 'x', id: 1 }, 'body must NOT have additional properties'],
      [{ first_name: '', last_name: 'D', email: 'x' }, 'body/first_name must NOT have fewer than 1 characters'],
      [{ first_name: 'J', last_name: 'D', email: 'x' }, 'body/email must match format "email"'],
      [[], 'body must be object'],
    ])('refuses %j', async (sent, message) => {
      const account = await makeAccount(service);
      const { status, body } = await create(account, sent);
      expect([status, body]).toEqual([400, { error: 'Bad Request', message }]);
    });

    it('refuses an email that another customer has, in any letter case', async () => {
      const account = await makeAccount(service);
      const sent = person();
      await create(account, sent);
      const { status, body } = await create(account, { ...sent, email: sent.email.toUpperCase() });
      expect([status, body.message]).toEqual([409, 'A customer with this email already exists']);
    });

    it('gives an email that many ask for to one', async () => {
      const account = await makeAccount(service);
      const sent = person();
      const answers = await Promise.all(Array.from({ length: 20 }, () => create(account, sent)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)]);
    });

    it('holds the seller’s limit under concurrent creations', async () => {
      const account = await makeAccount(service);
      await account.sql('UPDATE sellers SET customer_limit = 5 WHERE id = $1', [account.seller.id]);
      const answers = await Promise.all(Array.from({ length: 15 }, () => create(account, person())));
      expect(answers.map(({ status }) => status).sort()).toEqual([...Array(5).fill(201), ...Array(10).fill(403)]);
      const refused = answers.find(({ status }) => status === 403);
      expect(refused?.body).toEqual({ error: 'Forbidden', message: 'Customer limit reached' });
      const [{ count } = {}] = await account.sql('SELECT count(*)::int FROM customers WHERE seller_id = $1', [
        account.seller.id,
      ]);
      expect(count).toBe(5);
      const [one] = answers.filter(({ status }) => status === 201);
      await request('DELETE', of(one?.body.id), { key: account.key });
      expect((await create(account, person())).status).toBe(201);
    });
  });

  describe('GET /api/customers/{id}', () => {
    it('reads what was written', async () => {
      const account = await makeAccount(service);
      const created = await account.makeCustomer({ address_data: { city: 'Bonn' } });
      const { status, headers, body } = await request('GET', of(created.id.toUpperCase()), { key: account.key });
      expect([status, headers.get('etag'), body]).toEqual([200, '"1"', created]);
    });

    it.each([
      ['"1"', 304],
      ['W/"1"', 304],
      ['"0", W/"1"', 304],
      ['*', 304],
      ['"2"', 200],
      ['1', 200],
      ['', 200],
    ])('with If-None-Match: %s answers %i', async (tag, expected) => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const options = { key: account.key, headers: { 'if-none-match': tag } };
      const { status, headers, body } = await request('GET', of(id), options);
      expect([status, headers.get('etag')]).toEqual([expected, '"1"']);
      if (expected === 304) expect(body).toBe('');
      await account.patch(id, { first_name: 'Jane' });
      expect((await request('GET', of(id), options)).status).toBe(tag === '"2"' || tag === '*' ? 304 : 200);
    });

    it('answers HEAD like GET, without the body', async () => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const [head, get] = [
        await request('HEAD', of(id), { key: account.key }),
        await request('GET', of(id), { key: account.key }),
      ];
      expect([head.status, head.body, head.headers.get('etag')]).toEqual([200, '', '"1"']);
      expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
      expect((await request('HEAD', collection(), { key: account.key })).status).toBe(200);
      expect((await request('HEAD', `${service.url}/health/live`)).status).toBe(200);
    });
  });

  describe('DELETE /api/customers/{id}', () => {
    it('removes the customer for good', async () => {
      const account = await makeAccount(service);
      const { id, email } = await account.makeCustomer();
      const { status, body, headers } = await request('DELETE', of(id), { key: account.key });
      expect([status, body, headers.get('content-type')]).toEqual([204, '', null]);
      for (const method of ['GET', 'DELETE']) {
        const again = await request(method, of(id), { key: account.key });
        expect([again.status, again.body.message]).toEqual([404, 'Customer not found']);
      }
      expect((await account.patch(id, { first_name: 'J' })).status).toBe(404);
      expect((await create(account, { ...person(), email })).status).toBe(201);
    });

    it('ignores a body, whatever it is', async () => {
      const account = await makeAccount(service);
      const sent: RequestOptions[] = [
        { body: '{', headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' } },
        { body: 'x'.repeat(200_000), headers: { 'content-type': 'application/json' } },
      ];
      for (const options of sent) {
        const { id } = await account.makeCustomer();
        expect((await request('DELETE', of(id), { key: account.key, ...options })).status).toBe(204);
      }
    });

    it('happens once, however many ask for it', async () => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => request('DELETE', of(id), { key: account.key })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array(19).fill(404)]);
    });
  });

  it('allows the methods that there are, and tells them', async () => {
    const { status, headers } = await request('OPTIONS', of('x'));
    expect([status, headers.get('allow')?.split(', ').sort()]).toEqual([
      204,
      ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH'],
    ]);
    const refused = await request('PUT', collection());
    expect([refused.status, refused.body.message]).toEqual([405, 'Method PUT is not allowed for /api/customers']);
    expect(refused.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST']);
  });
});
