import { randomUUID } from 'node:crypto';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import { request, type RequestOptions } from '../support/http';
import { startService, useService } from '../support/service';

const REUSED = {
  error: 'Unprocessable Entity',
  message: 'Idempotency-Key was already used with a different request',
};
const MALFORMED = { error: 'Bad Request', message: 'headers/idempotency-key must match pattern "^[ -~]{1,255}$"' };

describe('An Idempotency-Key', () => {
  const service = useService();
  const person = () => ({ first_name: 'John', last_name: 'Doe', email: uniqueEmail() });
  const keyed = (key: string, headers = {}) => ({ 'idempotency-key': key, ...headers });

  const isReplay = ({ headers }: { headers: Headers }) => headers.get('idempotent-replayed') === 'true';
  const create = (account: Account, body: unknown, key: string, options: RequestOptions = {}) =>
    account.call('POST', '/api/customers', { body, headers: keyed(key), ...options });

  describe('stands for one request', () => {
    it.each<[string, RequestOptions]>([
      ['another value', { body: { first_name: 'Ann', address_data: { city: 'Bonn', street: null } } }],
      [
        'another member',
        { body: { first_name: 'Jane', address_data: { city: 'Bonn', street: null }, language: 'de' } },
      ],
      ['an absent member instead of null', { body: { first_name: 'Jane', address_data: { city: 'Bonn' } } }],
      ['an If-Match', { headers: { 'if-match': '"1"' } }],
    ])('so that %s is refused', async (_, { headers, ...options }) => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const key = randomUUID();
      const path = `/api/customers/${id}`;
      const body = { first_name: 'Jane', address_data: { city: 'Bonn', street: null } };
      const first = await account.call('PATCH', path, { body, headers: keyed(key) });
      const other = await account.call('PATCH', path, { body, ...options, headers: keyed(key, headers) });
      expect([other.status, other.body]).toEqual([422, REUSED]);
      expect(other.headers.get('etag')).toBeNull();
      expect(await account.row(id)).toEqual({ ...first.body, version: 2 });
      expect(isReplay(await account.call('PATCH', path, { body, headers: keyed(key) }))).toBe(true);
    });

    it('so that another If-Match, another query and another order of a list are refused', async () => {
      const account = await makeAccount(service);
      const [one, other] = [await account.makeCustomer(), await account.makeCustomer()];
      const send = (key: string, tag: string) =>
        account.patch(one.id, { first_name: 'Jane' }, { headers: keyed(key, { 'if-match': tag }) });
      expect((await send('a', '"1"')).status).toBe(200);
      expect((await send('a', '"2"')).status).toBe(422);
      expect((await send('a', '"1"')).status).toBe(200);

      const customers = [one, other].map(({ id }) => ({ id, last_name: 'Roe' }));
      const bulk = (query: string, list: object[]) =>
        account.call('PATCH', `/api/customers${query}`, { body: { customers: list }, headers: keyed('b') });
      expect((await bulk('?atomic=true', customers)).status).toBe(200);
      expect((await bulk('', customers)).body).toEqual(REUSED);
      expect((await bulk('?atomic=true', customers.toReversed())).body).toEqual(REUSED);
      expect(isReplay(await bulk('?atomic=true', customers))).toBe(true);
      expect(isReplay(await bulk('?dry_run=false&atomic=true', customers))).toBe(true);
    });

    it('whatever the order of its members and its white space', async () => {
      const account = await makeAccount(service);
      const email = uniqueEmail();
      const key = randomUUID();
      const first = await create(
        account,
        `{"first_name": "J", "last_name": "D", "email": "${email}", "address_data": {"city": "B", "street": "A"}}`,
        key,
      );
      expect(first.status).toBe(201);
      const retry = await create(
        account,
        `\n{"address_data":{"street":"A","city":"\\u0042"},\t"email":"${email}","last_name":"D","first_name":"J"}`,
        key,
      );
      expect([retry.status, retry.body, isReplay(retry)]).toEqual([201, first.body, true]);
    });
  });

  it('is another for another seller, method and path', async () => {
    const [account, other] = [await makeAccount(service), await makeAccount(service)];
    const body = person();
    const key = randomUUID();
    const created = await create(account, body, key);
    const byOther = await create(other, body, key);
    expect([byOther.status, isReplay(byOther), byOther.body.seller_id]).toEqual([201, false, other.seller.id]);
    const { id } = created.body;
    const { id: second } = await account.makeCustomer();
    const requests: [string, string, object][] = [
      ['PATCH', `/api/customers/${id}`, { first_name: 'Jane' }],
      ['PATCH', `/api/customers/${second}`, { first_name: 'Jane' }],
      ['PATCH', '/api/customers', { customers: [{ id, first_name: 'Ann' }] }],
      ['POST', `/api/customers/${id}/revert`, { version: 1 }],
    ];
    for (const expected of [false, true]) {
      for (const [method, path, sent] of requests) {
        const answer = await account.call(method, path, { body: sent, headers: keyed(key) });
        expect([answer.status, isReplay(answer)]).toEqual([200, expected]);
      }
    }
    expect((await account.row(id)).version).toBe(4);
    const anotherKey = await account.makeKey();
    expect(isReplay(await create(account, body, key, { key: anotherKey.key }))).toBe(true);
  });

  it('is the same for an id in another letter case', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const options = { headers: keyed(randomUUID()) };
    await account.patch(id, { first_name: 'Jane' }, options);
    const retry = await account.patch(id.toUpperCase(), { first_name: 'Jane' }, options);
    expect([retry.status, isReplay(retry)]).toEqual([200, true]);
    expect((await account.patch(id.toUpperCase(), { first_name: 'Ann' }, options)).status).toBe(422);
  });

  it.each([
    ['abc', '"abc"'],
    ['a b;c', '"a b;c"'],
    [String.raw`a"b\c`, String.raw`"a\"b\\c"`],
    ['k'.repeat(255), `"${'k'.repeat(255)}"`],
  ])('is the same bare and quoted: %s', async (bare, quoted) => {
    const account = await makeAccount(service);
    const body = person();
    const first = await create(account, body, quoted);
    expect([first.status, isReplay(first)]).toEqual([201, false]);
    const retry = await create(account, body, bare);
    expect([retry.status, isReplay(retry), retry.body]).toEqual([201, true, first.body]);
    expect((await create(account, body, 'ABC')).status).toBe(409);
  });

  it.each(['', '""', 'é', 'a\tb', '\xa0', 'k'.repeat(256), `"${'k'.repeat(256)}"`])(
    'is refused when it is malformed: %j',
    async (key) => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const headers = keyed(key);
      const answers = [
        await create(account, person(), key),
        await create(account, {}, key),
        await account.patch(id, { first_name: 'Jane' }, { headers }),
        await account.call('PATCH', '/api/customers', { body: { customers: [{ id, language: 'en' }] }, headers }),
        await account.call('POST', `/api/customers/${id}/revert`, { body: { version: 1 }, headers }),
      ];
      for (const { status, body } of answers) expect([status, body]).toEqual([400, MALFORMED]);
      expect((await account.call('GET', '/api/customers')).body.data).toHaveLength(1);
      expect((await account.row(id)).version).toBe(1);
    },
  );

  it.each(['', 'good'])('means nothing to other routes, even when it is %j', async (key) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const headers = keyed(key);
    const path = `/api/customers/${id}`;
    for (let i = 0; i < 2; i++) {
      expect((await account.call('GET', path, { headers })).status).toBe(200);
      const session = await account.call('POST', `${path}/portal-sessions`, { headers });
      expect([session.status, isReplay(session)]).toEqual([201, false]);
    }
    expect((await account.call('DELETE', path, { headers })).status).toBe(204);
    const again = await account.call('DELETE', path, { headers });
    expect([again.status, isReplay(again)]).toEqual([404, false]);
    expect(await account.sql('SELECT 1 FROM idempotency_records WHERE seller_id = $1', [account.seller.id])).toEqual(
      [],
    );
  });

  it('goes with a body of whatever depth', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const name = '['.repeat(30_000) + ']'.repeat(30_000);
    const send = (path: string, body: string) => account.call('PATCH', path, { body, headers: keyed(randomUUID()) });
    const single = await send(`/api/customers/${id}`, `{"first_name": ${name}}`);
    expect([single.status, single.body.message]).toEqual([400, 'body/first_name must be string']);
    const bulk = await send('/api/customers', `{"customers": [{"id": "${id}", "first_name": ${name}}]}`);
    expect([bulk.status, bulk.body.results?.[0].message]).toEqual([200, 'body/customers/0/first_name must be string']);
  });

  it('is known on every instance', async () => {
    const account = await makeAccount(service);
    const other = await startService();
    try {
      const options = { key: account.key, body: person(), headers: keyed(randomUUID()) };
      const first = await request('POST', `${service.url}/api/customers`, options);
      const retry = await request('POST', `${other.url}/api/customers`, options);
      expect([retry.status, retry.body, isReplay(retry)]).toEqual([201, first.body, true]);
      expect(retry.headers.get('etag')).toBe('"1"');
    } finally {
      await other.app.close();
    }
  });
});
