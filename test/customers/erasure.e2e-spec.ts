import { randomUUID } from 'node:crypto';
import { type Account, makeAccount } from '../support/factories';
import { type Answer, request } from '../support/http';
import { makeSession, readSession } from '../support/portal';
import { useService } from '../support/service';

const NOT_FOUND = { error: 'Not Found', message: 'Customer not found' };

/** Every row of every table that has this text somewhere. */
async function rowsWith(account: Account, text: string): Promise<string[]> {
  const tables = await account.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  const found: string[] = [];
  for (const { tablename } of tables) {
    const rows = await account.sql(
      `SELECT t::text AS row FROM "${tablename}" AS t WHERE strpos(lower(t::text), $1) > 0`,
      [text.toLowerCase()],
    );
    found.push(...rows.map(({ row }) => `${tablename}: ${row}`));
  }
  return found;
}

/** A body that is valid where this one is. */
function otherThan(body: object): object {
  if ('version' in body) return { version: 2 };
  return 'customers' in body ? { customers: [{ id: randomUUID(), first_name: 'Ann' }] } : { first_name: 'Ann' };
}

describe('Deleting a customer', () => {
  const service = useService();

  /** A text that occurs nowhere else. */
  const mark = randomUUID().replaceAll('-', '');
  let count = 0;
  const canary = () => `canary-${mark}-${++count}`;
  const canaryAddress = () => ({ street: canary(), city: canary(), postal_code: `${count++}`, country: canary() });
  const canaries = () => ({
    first_name: canary(),
    last_name: canary(),
    email: `${canary()}@example.com`,
    company_name: canary(),
    legal_entity: canary(),
    address_data: canaryAddress(),
    postal_redirect_address: canaryAddress(),
  });

  const keyed = () => ({ 'idempotency-key': randomUUID() });
  const erase = (account: Account, id: string) => account.call('DELETE', `/api/customers/${id}`);

  it('leaves nothing of what it was, in any table', async () => {
    const account = await makeAccount(service);
    const other = await account.makeCustomer();
    const requests: [string, string, object][] = [];
    const sent: Answer[] = [];
    const send = async (method: string, path: string, body: object) => {
      requests.push([method, path, { body, headers: keyed() }]);
      const answer = await account.call(method, path, requests.at(-1)?.[2]);
      sent.push(answer);
      return answer;
    };

    const { id } = (await send('POST', '/api/customers', canaries())).body;
    const path = `/api/customers/${id}`;
    await send('PATCH', path, canaries());
    await send('PATCH', path, { email: other.email, first_name: canary() });
    await send('PATCH', '/api/customers', {
      customers: [
        { id: other.id, company_name: 'Harmless' },
        { id, ...canaries() },
      ],
    });
    await send('PATCH', '/api/customers?atomic=true', { customers: [{ id, ...canaries() }] });
    await send('POST', `${path}/revert`, { version: 1 });
    await send('POST', `${path}/revert`, { version: 99 });
    const precondition = { body: canaries(), headers: { ...keyed(), 'if-match': '"1"' } };
    sent.push(await account.call('PATCH', path, precondition));
    const unkeyed = { first_name: canary(), address_data: canaryAddress() };
    sent.push(await account.patch(id, unkeyed));
    expect(sent.map(({ status }) => status)).toEqual([201, 200, 409, 200, 200, 200, 404, 412, 200]);
    const { token } = (await makeSession(account, id)).body;
    expect((await rowsWith(account, mark)).length).toBeGreaterThan(5);

    expect((await erase(account, id)).status).toBe(204);
    expect(await rowsWith(account, mark)).toEqual([]);
    for (const table of ['customer_history', 'portal_sessions']) {
      expect(await account.sql(`SELECT 1 FROM ${table} WHERE customer_id = $1`, [id])).toEqual([]);
    }
    expect((await readSession(service, token)).status).toBe(401);
    expect((await account.call('GET', path)).body).toEqual(NOT_FOUND);
    expect((await account.call('GET', `${path}?version=1`)).body).toEqual(NOT_FOUND);
    expect((await account.call('GET', `${path}/history`)).body).toEqual(NOT_FOUND);
    // Nor do the retries bring anything back.
    for (const [method, url, options] of requests) await account.call(method, url, options);
    expect(await rowsWith(account, mark)).toEqual([]);
    expect((await account.call('GET', `/api/customers/${other.id}`)).body.company_name).toBe('Harmless');
  });

  it.each<[string, (id: string) => [method: string, path: string, body: object, headers?: object]]>([
    ['a change', (id) => ['PATCH', `/api/customers/${id}`, { first_name: 'Jane' }]],
    ['a change that changes nothing', (id) => ['PATCH', `/api/customers/${id}`, { first_name: 'John' }]],
    [
      'a change of what it was',
      (id) => ['PATCH', `/api/customers/${id}`, { first_name: 'Jane' }, { 'if-match': '"7"' }],
    ],
    ['a revert', (id) => ['POST', `/api/customers/${id}/revert`, { version: 1 }]],
    ['a revert to no version', (id) => ['POST', `/api/customers/${id}/revert`, { version: 99 }]],
    ['a bulk', (id) => ['PATCH', '/api/customers', { customers: [{ id, first_name: 'Jane' }] }]],
    ['a bulk of what is not valid', (id) => ['PATCH', '/api/customers', { customers: [{ id, first_name: '' }] }]],
    ['an atomic bulk', (id) => ['PATCH', '/api/customers?atomic=true', { customers: [{ id, first_name: 'Jane' }] }]],
  ])('makes the retry of %s a 404, by what is kept of its key', async (_, requestOf) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const [method, path, body, headers] = requestOf(id);
    const options = { body, headers: { ...keyed(), ...headers } };
    await account.call(method, path, options);
    const recorded = () =>
      account.sql('SELECT key, method, path, fingerprint FROM idempotency_records WHERE seller_id = $1', [
        account.seller.id,
      ]);
    const before = await recorded();
    expect(before).toMatchObject([{ key: options.headers['idempotency-key'], fingerprint: expect.any(Buffer) }]);
    await erase(account, id);
    for (let i = 0; i < 2; i++) {
      const retry = await account.call(method, path, options);
      expect([retry.status, retry.body, retry.headers.get('etag')]).toEqual([404, NOT_FOUND, null]);
    }
    expect(await recorded()).toEqual(before);
    const reused = await account.call(method, path, { ...options, body: otherThan(body) });
    expect(reused.status).toBe(422);
  });

  it('makes the retry of its creation a 404 instead of a new customer', async () => {
    const account = await makeAccount(service);
    const options = { key: account.key, body: canaries(), headers: keyed() };
    const create = () => request('POST', `${service.url}/api/customers`, options);
    const { id } = (await create()).body;
    await erase(account, id);
    const { status, body, headers } = await create();
    expect([status, body, headers.get('location')]).toEqual([404, NOT_FOUND, null]);
    expect((await account.call('GET', '/api/customers')).body.data).toEqual([]);
  });

  it('makes the retry of a bulk a 404 whichever of its customers is gone', async () => {
    const account = await makeAccount(service);
    const [one, other, third] = [
      await account.makeCustomer(),
      await account.makeCustomer(),
      await account.makeCustomer(),
    ];
    const bulk = (ids: string[]) => ({
      body: { customers: ids.map((id) => ({ id, first_name: 'Jane' })) },
      headers: keyed(),
    });
    const [both, without] = [bulk([one.id, other.id, randomUUID()]), bulk([one.id, third.id])];
    for (const options of [both, without]) await account.call('PATCH', '/api/customers', options);
    await erase(account, other.id);
    const gone = await account.call('PATCH', '/api/customers', both);
    expect([gone.status, gone.body]).toEqual([404, NOT_FOUND]);
    const replay = await account.call('PATCH', '/api/customers', without);
    expect([replay.status, replay.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(replay.body.results.map(({ id }: any) => id)).toEqual([one.id, third.id]);
  });

  it('frees the email, and does not touch another seller’s customer', async () => {
    const account = await makeAccount(service);
    const { id, email } = await account.makeCustomer();
    const stranger = await makeAccount(service);
    expect((await erase(stranger, id)).body).toEqual(NOT_FOUND);
    expect(await account.row(id)).toMatchObject({ email });
    expect((await erase(account, id)).status).toBe(204);
    expect((await erase(account, id)).body).toEqual(NOT_FOUND);
    const again = await account.makeCustomer({ email });
    expect((await account.call('GET', `/api/customers/${again.id}/history`)).body.data).toHaveLength(1);
  });
});
