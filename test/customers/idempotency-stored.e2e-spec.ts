import { randomUUID } from 'node:crypto';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import type { Answer } from '../support/http';
import { useService } from '../support/service';

const UNKNOWN = '0193a1f0-7c1e-7b5a-9c0d-5a1b2c3d4e5f';
const NOT_FOUND = 'Customer not found';
const NO_VERSION = 'Customer version not found';
const TAKEN = 'A customer with this email already exists';
const TOO_SHORT = 'body/customers/3/first_name must NOT have fewer than 1 characters';

type Send = (
  account: Account,
  customer: { id: string; email: string },
  taken: string,
  headers: object,
) => Promise<Answer>;

const patch = (body: object, more = {}): Send => {
  return (account, { id }, _, headers) => account.patch(id, body, { headers: { ...headers, ...more } });
};

/** Requests, and their outcomes in the form in which version 0.1 stored them: with the message, and without a code. */
const requests: [string, Send, (id: string) => object][] = [
  ['a change', patch({ first_name: 'Jane' }), (id) => ({ status: 200, id, version: 2 })],
  [
    'a change of an unknown customer',
    (account, _, __, headers) => account.patch(UNKNOWN, { first_name: 'Jane' }, { headers: { ...headers } }),
    () => ({ status: 404, message: NOT_FOUND }),
  ],
  [
    'a revert to a version that never was',
    (account, { id }, _, headers) =>
      account.call('POST', `/api/customers/${id}/revert`, { body: { version: 9 }, headers: { ...headers } }),
    (id) => ({ status: 404, id, message: NO_VERSION }),
  ],
  [
    'a change to an email that is taken',
    (account, { id }, email, headers) => account.patch(id, { email }, { headers: { ...headers } }),
    (id) => ({ status: 409, id, message: TAKEN }),
  ],
  [
    'a creation with an email that is taken',
    (account, _, email, headers) =>
      account.call('POST', '/api/customers', {
        body: { first_name: 'John', last_name: 'Doe', email },
        headers: { ...headers },
      }),
    () => ({ status: 409, message: TAKEN }),
  ],
  [
    'a change of another version',
    patch({ first_name: 'Jane' }, { 'if-match': '"7"' }),
    (id) => ({ status: 412, id, version: 1, older: [] }),
  ],
  [
    'a change with a weak tag',
    patch({ first_name: 'Jane' }, { 'if-match': 'W/"1"' }),
    (id) => ({ status: 412, id, version: 1, older: [], because: 'no_strong_tag' }),
  ],
  [
    'a change that must not meet the version',
    patch({ first_name: 'Jane' }, { 'if-none-match': '"1"' }),
    (id) => ({ status: 412, id, version: 1, older: [], because: 'if_none_match' }),
  ],
];

describe('A stored outcome', () => {
  const service = useService();

  const recordsOf = (account: Account) =>
    account.sql('SELECT outcome FROM idempotency_records WHERE seller_id = $1', [account.seller.id]);

  /** Replaces the outcome by one that an older version of the service has stored. */
  async function storeOld(account: Account, outcome: unknown): Promise<void> {
    const update = 'UPDATE idempotency_records SET outcome = $2 WHERE seller_id = $1';
    await account.sql(update, [account.seller.id, JSON.stringify(outcome)]);
  }

  /** Sends a request twice, with its outcome in the old form the second time. */
  async function expectSameAnswer(account: Account, send: () => Promise<Answer>, old: unknown): Promise<Answer> {
    const first = await send();
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const [stored, ...others] = await recordsOf(account);
    expect(others).toEqual([]);
    // A service of the older version can replay it, too: it reads what it knows, and no code.
    const withoutCodes = [stored?.outcome].flat().map(({ code: _, ...outcome }) => outcome);
    expect(withoutCodes).toEqual([old].flat());
    await storeOld(account, old);
    const again = await send();
    expect([again.status, again.body, again.headers.get('idempotent-replayed')]).toEqual([
      first.status,
      first.body,
      'true',
    ]);
    return again;
  }

  it.each(requests)('of %s is replayed in the form of version 0.1', async (_, send, old) => {
    const account = await makeAccount(service);
    const [customer, { email }] = [await account.makeCustomer(), await account.makeCustomer()];
    const headers = { 'idempotency-key': randomUUID() };
    await expectSameAnswer(account, () => send(account, customer, email, headers), old(customer.id));
  });

  it('of an email that is taken names the field, in either form', async () => {
    const account = await makeAccount(service);
    const [{ id }, { email }] = [await account.makeCustomer(), await account.makeCustomer()];
    const headers = { 'idempotency-key': randomUUID(), accept: 'application/problem+json' };
    const send = () => account.patch(id, { email }, { headers });
    const [first, again] = [await send(), await send()];
    await storeOld(account, { status: 409, id, message: TAKEN });
    for (const { status, body } of [first, again, await send()]) {
      expect([status, body.type, body.field]).toEqual([409, '/problems/email-conflict', 'email']);
    }
  });

  it('of a bulk is replayed in the form of version 0.1, item by item', async () => {
    const account = await makeAccount(service);
    const made = await Promise.all(Array.from({ length: 4 }, () => account.makeCustomer()));
    const [a, b, c, d] = made as [any, any, any, any];
    const customers = [
      { id: a.id, email: uniqueEmail() },
      { id: UNKNOWN, first_name: 'Jane' },
      { id: b.id, email: c.email },
      { id: d.id, first_name: '' },
    ];
    const options = { body: { customers }, headers: { 'idempotency-key': randomUUID() } };
    const { body } = await expectSameAnswer(account, () => account.call('PATCH', '/api/customers', options), [
      { status: 200, id: a.id, version: 2 },
      { status: 404, message: NOT_FOUND },
      { status: 409, id: b.id, message: TAKEN },
      { status: 400, id: d.id, message: TOO_SHORT },
    ]);
    expect(body.results.map(({ status }: Answer) => status)).toEqual([200, 404, 409, 400]);
  });
});
