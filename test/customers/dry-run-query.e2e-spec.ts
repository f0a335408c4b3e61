import { randomUUID } from 'node:crypto';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import { useService } from '../support/service';

describe('The query’s dry_run', () => {
  const service = useService();
  const person = () => ({ first_name: 'John', last_name: 'Doe', email: uniqueEmail() });

  const recordsOf = (account: Account) =>
    account.sql('SELECT * FROM idempotency_records WHERE seller_id = $1', [account.seller.id]);

  const routes: [string, (id: string) => [method: string, path: string, body: object]][] = [
    ['POST', () => ['POST', '/api/customers', person()]],
    ['PATCH', (id) => ['PATCH', `/api/customers/${id}`, { first_name: 'Jane' }]],
    ['bulk', (id) => ['PATCH', '/api/customers', { customers: [{ id, first_name: 'Jane' }] }]],
    ['revert', (id) => ['POST', `/api/customers/${id}/revert`, { version: 1 }]],
  ];

  it.each(routes)('has to be a boolean, on %s', async (_, routeOf) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const [method, path, body] = routeOf(id);
    for (const value of ['maybe', '', '1', 'TRUE', 'true&dry_run=true']) {
      const answer = await account.call(method, `${path}?dry_run=${value}`, { body });
      const message = 'querystring/dry_run must be boolean';
      expect([answer.status, answer.body]).toEqual([400, { error: 'Bad Request', message }]);
    }
    const misspelt = await account.call(method, `${path}?dryrun=true`, { body });
    expect(misspelt.body.message).toBe('querystring must NOT have additional properties');
    expect((await account.row(id)).version).toBe(1);
  });

  it('is no trial when it is false', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const body = { first_name: 'Jane' };
    const { status, headers } = await account.call('PATCH', `/api/customers/${id}?dry_run=false`, { body });
    expect([status, headers.get('dry-run')]).toEqual([200, null]);
    expect(await account.row(id)).toMatchObject({ first_name: 'Jane', version: 2 });
  });

  it.each([
    ['DELETE', ''],
    ['GET', ''],
    ['POST', '/portal-sessions'],
  ])('is unknown to %s {id}%s', async (method, rest) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, body } = await account.call(method, `/api/customers/${id}${rest}?dry_run=true`);
    const message = 'querystring must NOT have additional properties';
    expect([status, body]).toEqual([400, { error: 'Bad Request', message }]);
    expect((await account.row(id)).version).toBe(1);
  });

  it.each(routes)('on %s looks at an Idempotency-Key for its form alone', async (name, routeOf) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    await account.patch(id, { last_name: 'Roe' });
    const [method, path, body] = routeOf(id);
    const headers = { 'idempotency-key': randomUUID() };
    const trial = () => account.call(method, `${path}?dry_run=true`, { body, headers });

    const malformed = await account.call(method, `${path}?dry_run=true`, { body, headers: { 'idempotency-key': '' } });
    expect(malformed.body.message).toBe('headers/idempotency-key must match pattern "^[ -~]{1,255}$"');

    // Nothing is remembered, so that the request itself is carried out.
    expect((await trial()).headers.get('dry-run')).toBe('true');
    expect(await recordsOf(account)).toEqual([]);
    const real = await account.call(method, path, { body, headers });
    expect([real.status, real.headers.get('idempotent-replayed')]).toEqual([name === 'POST' ? 201 : 200, null]);

    // Nor does what is remembered make a difference: neither a replay, nor a reused key.
    const again = await trial();
    expect(again.status).toBe(name === 'POST' ? 409 : 200);
    expect(again.headers.get('idempotent-replayed')).toBeNull();
    expect(await recordsOf(account)).toHaveLength(1);
  });
});
