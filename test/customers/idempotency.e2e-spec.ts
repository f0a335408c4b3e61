import { randomUUID } from 'node:crypto';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import type { Answer, RequestOptions } from '../support/http';
import { useService } from '../support/service';

const REUSED = {
  error: 'Unprocessable Entity',
  message: 'Idempotency-Key was already used with a different request',
};

/** What of an answer a retry has to get again. */
function essence({ status, headers, body }: Answer) {
  return { status, etag: headers.get('etag'), location: headers.get('location'), body: JSON.stringify(body) };
}

describe('A retry with the same Idempotency-Key', () => {
  const service = useService();
  const person = () => ({ first_name: 'John', last_name: 'Doe', email: uniqueEmail() });
  const keyed = (headers = {}) => ({ 'idempotency-key': randomUUID(), ...headers });

  const recordsOf = (account: Account) =>
    account.sql('SELECT key, outcome FROM idempotency_records WHERE seller_id = $1', [account.seller.id]);

  /** Sends a request, lets `meanwhile` happen, sends it again, and expects the same answer, as a replay. */
  async function expectReplay(
    account: Account,
    [method, path, options]: [string, string, RequestOptions],
    meanwhile: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<Answer> {
    const first = await account.call(method, path, options);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    await meanwhile();
    for (let i = 0; i < 2; i++) {
      const retry = await account.call(method, path, options);
      expect(essence(retry)).toEqual(essence(first));
      expect(retry.headers.get('idempotent-replayed')).toBe('true');
      expect(retry.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    }
    return first;
  }

  describe('gets the first answer again', () => {
    it('to a creation', async () => {
      const account = await makeAccount(service);
      const first = await expectReplay(account, ['POST', '/api/customers', { body: person(), headers: keyed() }]);
      expect(first.status).toBe(201);
      expect(first.headers.get('location')).toBe(`/api/customers/${first.body.id}`);
      expect((await account.call('GET', '/api/customers')).body.data).toHaveLength(1);
    });

    it('to a creation, whatever has become of the customer since', async () => {
      const account = await makeAccount(service);
      const body = { ...person(), address_data: { country: 'Germany', city: 'Bonn' } };
      const first = await expectReplay(account, ['POST', '/api/customers', { body, headers: keyed() }], async () => {
        const { data } = (await account.call('GET', '/api/customers')).body;
        await account.patch(data[0].id, { email: uniqueEmail(), address_data: null, status: 'suspended' });
        // Nor does it matter that it could not be created now.
        await account.makeCustomer({ email: body.email });
        await account.sql('UPDATE sellers SET customer_limit = 2 WHERE id = $1', [account.seller.id]);
      });
      expect(first.status).toBe(201);
      expect((await account.row(first.body.id)).version).toBe(2);
    });

    it('to a change, whatever has changed since', async () => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const path = `/api/customers/${id}`;
      const options = { body: { first_name: 'Jane', company_name: 'Acme' }, headers: keyed() };
      const first = await expectReplay(account, ['PATCH', path, options], async () => {
        await account.patch(id, { first_name: 'Ann', company_name: null });
        await account.patch(id, { language: 'en' });
      });
      expect([first.status, first.headers.get('etag')]).toEqual([200, '"2"']);
      expect(await account.row(id)).toMatchObject({ first_name: 'Ann', company_name: null, version: 4 });
    });

    it('to a change that changed nothing, and would change something now', async () => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const options = { body: { first_name: 'John' }, headers: keyed() };
      const first = await expectReplay(account, ['PATCH', `/api/customers/${id}`, options], () =>
        account.patch(id, { first_name: 'Jane' }),
      );
      expect([first.status, first.headers.get('etag')]).toEqual([200, '"1"']);
      expect((await account.row(id)).first_name).toBe('Jane');
    });

    it('to a change with If-Match, which holds no more', async () => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const options = { body: { first_name: 'Jane' }, headers: keyed({ 'if-match': '"1"' }) };
      const first = await expectReplay(account, ['PATCH', `/api/customers/${id}`, options]);
      expect(first.status).toBe(200);
      expect((await account.row(id)).version).toBe(2);
    });

    it('to a revert', async () => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      await account.patch(id, { first_name: 'Jane' });
      const options = { body: { version: 1 }, headers: keyed() };
      const first = await expectReplay(account, ['POST', `/api/customers/${id}/revert`, options], () =>
        account.patch(id, { first_name: 'Ann' }),
      );
      expect([first.status, first.headers.get('etag')]).toEqual([200, '"3"']);
      expect((await account.row(id)).first_name).toBe('Ann');
    });

    it('404, to a change of an unknown customer and a revert to an unknown version', async () => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const change = { body: { first_name: 'Jane' }, headers: keyed() };
      const first = await expectReplay(account, ['PATCH', `/api/customers/${randomUUID()}`, change]);
      expect([first.status, first.body.message]).toEqual([404, 'Customer not found']);
      const options = { body: { version: 2 }, headers: keyed() };
      const revert = await expectReplay(account, ['POST', `/api/customers/${id}/revert`, options], () =>
        account.patch(id, { first_name: 'Jane' }),
      );
      expect([revert.status, revert.body.message]).toEqual([404, 'Customer version not found']);
    });

    it.each(['POST', 'PATCH'])('409, to a %s with an email that is free by now', async (method) => {
      const account = await makeAccount(service);
      const [one, other] = [await account.makeCustomer(), await account.makeCustomer()];
      const path = method === 'POST' ? '/api/customers' : `/api/customers/${one.id}`;
      const options = { body: { ...person(), email: other.email }, headers: keyed() };
      const first = await expectReplay(account, [method, path, options], () =>
        account.call('DELETE', `/api/customers/${other.id}`),
      );
      expect([first.status, first.body.message]).toEqual([409, 'A customer with this email already exists']);
      const headers = { ...options.headers, accept: 'application/problem+json' };
      const { body } = await account.call(method, path, { ...options, headers });
      expect(body).toMatchObject({ type: '/problems/email-conflict', field: 'email' });
    });

    it('412, with what had changed by then', async () => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      await account.patch(id, { last_name: 'Roe' });
      const options = { body: { first_name: 'Jane' }, headers: keyed({ 'if-match': '"1"' }) };
      const first = await expectReplay(account, ['PATCH', `/api/customers/${id}`, options], () =>
        account.patch(id, { language: 'en' }),
      );
      const message = 'Customer has changed: current version is 2, changed since version 1: last_name';
      expect([first.status, first.body.message]).toEqual([412, message]);
    });
  });

  it('is carried out anew after 400, 401, 403 and 422, of which nothing is stored', async () => {
    const account = await makeAccount(service);
    const headers = keyed();
    const create = (options: RequestOptions, query = '') =>
      account.call('POST', `/api/customers${query}`, { headers, ...options });
    const reader = await account.makeKey({ scopes: ['customers:read'] });
    const body = person();
    await account.sql('UPDATE sellers SET customer_limit = 0 WHERE id = $1', [account.seller.id]);
    expect((await create({ body: { ...body, email: 'x' } })).status).toBe(400);
    expect((await create({ body: '{' })).status).toBe(400);
    expect((await create({ body }, '?dry_run=maybe')).status).toBe(400);
    expect((await create({ body, key: 'sk_live_x' })).status).toBe(401);
    expect((await create({ body, key: reader.key })).status).toBe(403);
    expect((await create({ body })).body.message).toBe('Customer limit reached');
    expect(await recordsOf(account)).toEqual([]);

    await account.sql('UPDATE sellers SET customer_limit = NULL WHERE id = $1', [account.seller.id]);
    const created = await create({ body });
    expect([created.status, created.headers.get('idempotent-replayed')]).toEqual([201, null]);
    const reused = await create({ body: { ...body, first_name: 'Jane' } });
    expect([reused.status, reused.body, reused.headers.get('idempotent-replayed')]).toEqual([422, REUSED, null]);
    expect(essence(await create({ body }))).toEqual(essence(created));
    expect(await recordsOf(account)).toHaveLength(1);
  });

  it('does not get past what is checked before', async () => {
    const account = await makeAccount(service);
    const options = { body: person(), headers: keyed() };
    await account.call('POST', '/api/customers', options);
    const reader = await account.makeKey({ scopes: ['customers:read'] });
    expect((await account.call('POST', '/api/customers', { ...options, key: reader.key })).status).toBe(403);
    const invalid = await account.call('POST', '/api/customers', { ...options, body: {} });
    expect(invalid.status).toBe(400);
  });
});
