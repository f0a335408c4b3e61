import { randomUUID } from 'node:crypto';
import { type Account, makeAccount } from '../support/factories';
import { useService } from '../support/service';

const ID = '550e8400-e29b-41d4-a716-446655440000';
const KIB = 1024;
const TOO_LARGE = { error: 'Payload Too Large', message: 'Request body is too large' };

describe('A bulk is refused as a whole', () => {
  const service = useService();

  const send = (account: Account, body: unknown, query = '') =>
    account.call('PATCH', `/api/customers${query}`, { body });

  it.each<[unknown, string]>([
    [[], 'body must be object'],
    [null, 'body must be object'],
    [{}, "body must have required property 'customers'"],
    [{ customers: [{ id: ID, language: 'en' }], atomic: true }, 'body must NOT have additional properties'],
    [{ customer: [{ id: ID, language: 'en' }] }, "body must have required property 'customers'"],
    [{ customers: null }, 'body/customers must be array'],
    [{ customers: {} }, 'body/customers must be array'],
    [{ customers: 'x' }, 'body/customers must be array'],
    [{ customers: { 0: { id: ID, language: 'en' }, length: 1 } }, 'body/customers must be array'],
    [{ customers: [] }, 'body/customers must NOT have fewer than 1 items'],
    [{ customers: [ID] }, 'body/customers/0 must be object'],
    [{ customers: [null] }, 'body/customers/0 must be object'],
    [{ customers: [[]] }, 'body/customers/0 must be object'],
    [{ customers: [{}] }, "body/customers/0 must have required property 'id'"],
    [{ customers: [{ language: 'en' }] }, "body/customers/0 must have required property 'id'"],
    [{ customers: [{ id: null, language: 'en' }] }, 'body/customers/0/id must be string'],
    [{ customers: [{ id: 5, language: 'en' }] }, 'body/customers/0/id must be string'],
    [{ customers: [{ id: '', language: 'en' }] }, 'body/customers/0/id must match format "uuid"'],
    [{ customers: [{ id: `${ID} `, language: 'en' }] }, 'body/customers/0/id must match format "uuid"'],
    [{ customers: [{ id: `{${ID}}`, language: 'en' }] }, 'body/customers/0/id must match format "uuid"'],
  ])('for %j', async (body, message) => {
    const account = await makeAccount(service);
    for (const query of ['', '?atomic=true', '?dry_run=true']) {
      const answer = await send(account, JSON.stringify(body), query);
      expect([answer.status, answer.body]).toEqual([400, { error: 'Bad Request', message }]);
    }
  });

  it.each<[string, (id: string) => object[], string]>([
    ['a bad id', () => [{ id: 'x', last_name: 'Roe' }], 'body/customers/1/id must match format "uuid"'],
    ['a missing id', () => [{ last_name: 'Roe' }], "body/customers/1 must have required property 'id'"],
    ['a repeated id', (id) => [{ id, last_name: 'Roe' }], 'body/customers must NOT have duplicate items'],
    [
      'an id that is repeated in another letter case',
      (id) => [{ id: ID }, { id: id.toUpperCase(), last_name: 'Roe' }],
      'body/customers must NOT have duplicate items',
    ],
    [
      'more than 100 items',
      () => Array.from({ length: 100 }, () => ({ id: randomUUID(), last_name: 'Roe' })),
      'body/customers must NOT have more than 100 items',
    ],
  ])('for %s, and changes nobody', async (_, restOf, message) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, body } = await send(account, { customers: [{ id, first_name: 'Jane' }, ...restOf(id)] });
    expect([status, body]).toEqual([400, { error: 'Bad Request', message }]);
    expect((await account.row(id)).version).toBe(1);
  });

  it.each([
    ['atomic=maybe', 'querystring/atomic must be boolean'],
    ['atomic=', 'querystring/atomic must be boolean'],
    ['atomic=true&atomic=true', 'querystring/atomic must be boolean'],
    ['limit=1', 'querystring must NOT have additional properties'],
  ])('for ?%s', async (query, message) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, body } = await send(account, { customers: [{ id, first_name: 'Jane' }] }, `?${query}`);
    expect([status, body]).toEqual([400, { error: 'Bad Request', message }]);
    expect((await account.row(id)).version).toBe(1);
  });

  it('with all that is wrong listed in a problem document', async () => {
    const account = await makeAccount(service);
    const { status, body } = await account.call('PATCH', '/api/customers', {
      body: { customers: [{ id: ID, language: 'en' }, { id: 'x' }, {}, { id: ID.toUpperCase(), language: 'en' }] },
      headers: { accept: 'application/problem+json' },
    });
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      expect.objectContaining({ pointer: '/customers/1/id', code: 'format' }),
      expect.objectContaining({ pointer: '/customers/2/id', code: 'required' }),
      expect.objectContaining({ pointer: '/customers', code: 'unique_items' }),
    ]);
  });

  describe('for the size of its body', () => {
    /** A body of exactly so many bytes. */
    const padded = (body: object, bytes: number) => {
      const text = JSON.stringify(body);
      return text + ' '.repeat(bytes - text.length);
    };

    it('beyond 1 MiB, not before', async () => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const body = { customers: [{ id, first_name: 'Jane' }] };
      const beyond = await send(account, padded(body, KIB * KIB + 1));
      expect([beyond.status, beyond.body]).toEqual([413, TOO_LARGE]);
      expect((await account.row(id)).version).toBe(1);
      const { status, body: answer } = await send(account, padded(body, KIB * KIB));
      expect([status, answer.results[0].customer.first_name]).toEqual([200, 'Jane']);
    });

    it('while every other route stays at 64 KiB', async () => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const routes: [string, string, object][] = [
        ['POST', '/api/customers', { first_name: 'J', last_name: 'D', email: `${randomUUID()}@example.com` }],
        ['PATCH', `/api/customers/${id}`, { first_name: 'Jane' }],
        ['POST', `/api/customers/${id}/revert`, { version: 1 }],
      ];
      for (const [method, path, body] of routes) {
        const beyond = await account.call(method, path, { body: padded(body, 64 * KIB + 1) });
        expect([beyond.status, beyond.body]).toEqual([413, TOO_LARGE]);
        expect((await account.call(method, path, { body: padded(body, 64 * KIB) })).status).toBeLessThan(300);
      }
    });
  });
});
