import { randomUUID } from 'node:crypto';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import type { Answer, RequestOptions } from '../support/http';
import { makeSession, readSession } from '../support/portal';
import { useService } from '../support/service';

type Call = [method: string, path: string, options: RequestOptions];

/** What all have that no two requests have in common. */
const PASSING = { id: expect.any(String), created_at: expect.any(String), updated_at: expect.any(String) };

describe('?dry_run=true', () => {
  const service = useService();
  const person = () => ({ first_name: 'John', last_name: 'Doe', email: uniqueEmail() });

  /** All that is stored of a seller, but for when its keys were used. */
  async function stored(account: Account): Promise<string[]> {
    const tables = await account.sql(
      `SELECT table_name AS name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name = 'seller_id' AND table_name <> 'api_keys' ORDER BY 1`,
    );
    expect(tables.length).toBeGreaterThanOrEqual(4);
    const rows: string[] = [];
    for (const { name } of tables) {
      const found = await account.sql(
        `SELECT t::text || t.xmin AS row FROM "${name}" AS t WHERE seller_id = $1 ORDER BY 1`,
        [account.seller.id],
      );
      rows.push(...found.map(({ row }) => `${name} ${row}`));
    }
    return rows;
  }

  function onTrial([method, path, options]: Call): Call {
    return [method, `${path}${path.includes('?') ? '&' : '?'}dry_run=true`, options];
  }

  /** The answer to a trial, which is that to the request itself, but for times and the id of what it makes. */
  async function expectTrial(account: Account, call: Call): Promise<{ trial: Answer; real: Answer }> {
    const before = await stored(account);
    const trial = await account.call(...onTrial(call));
    expect(await stored(account)).toEqual(before);
    const real = await account.call(...call);
    expect(real.headers.get('dry-run')).toBeNull();
    expect([trial.status, trial.headers.get('etag')]).toEqual([real.status, real.headers.get('etag')]);
    return { trial, real };
  }

  async function expectSuccess(account: Account, call: Call): Promise<{ trial: Answer; real: Answer }> {
    const { trial, real } = await expectTrial(account, call);
    expect(trial.status).toBeLessThan(300);
    expect(trial.headers.get('dry-run')).toBe('true');
    return { trial, real };
  }

  it('creates nobody, and answers as if', async () => {
    const account = await makeAccount(service);
    const body = { ...person(), address_data: { country: 'Germany', city: 'Bonn' } };
    const { trial, real } = await expectSuccess(account, ['POST', '/api/customers', { body }]);
    expect(trial.body).toEqual({ ...real.body, ...PASSING });
    expect(Object.keys(trial.body)).toEqual(Object.keys(real.body));
    expect(trial.headers.get('location')).toBe(`/api/customers/${trial.body.id}`);
    expect((await account.call('GET', `/api/customers/${trial.body.id}`)).status).toBe(404);
  });

  it('changes nothing, and answers as if', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ address_data: { city: 'Bonn' } });
    const body = { email: uniqueEmail(), company_name: 'Acme', address_data: { street: 'A 1', city: null } };
    const { trial, real } = await expectSuccess(account, ['PATCH', `/api/customers/${id}`, { body }]);
    expect(trial.body).toEqual({ ...real.body, updated_at: expect.any(String) });
    expect(trial.headers.get('etag')).toBe('"2"');
  });

  it('of a change that changes nothing answers with the customer as it is', async () => {
    const account = await makeAccount(service);
    const customer = await account.makeCustomer();
    const call: Call = ['PATCH', `/api/customers/${customer.id}`, { body: { first_name: 'John' } }];
    const { trial } = await expectSuccess(account, call);
    expect([trial.headers.get('etag'), trial.body]).toEqual(['"1"', customer]);
  });

  it('reverts nothing, and answers as if', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    await account.patch(id, { first_name: 'Jane', email: uniqueEmail() });
    const { trial, real } = await expectSuccess(account, [
      'POST',
      `/api/customers/${id}/revert`,
      { body: { version: 1 } },
    ]);
    expect(trial.body).toEqual({ ...real.body, updated_at: expect.any(String) });
    expect(trial.headers.get('etag')).toBe('"3"');
  });

  it.each([false, true])('of a bulk with atomic=%s changes nothing, and answers as if', async (isAtomic) => {
    const account = await makeAccount(service);
    const [one, other, third] = [
      await account.makeCustomer(),
      await account.makeCustomer(),
      await account.makeCustomer(),
    ];
    const failing = [
      { id: third.id, email: one.email },
      { id: randomUUID(), first_name: 'Jane' },
    ];
    const customers = [
      { id: one.id, email: uniqueEmail() },
      { id: other.id, email: one.email },
      ...(isAtomic ? [] : failing),
    ];
    const call: Call = ['PATCH', `/api/customers?atomic=${isAtomic}`, { body: { customers } }];
    const { trial, real } = await expectSuccess(account, call);
    const expected = real.body.results.map((result: any) =>
      result.customer ? { ...result, customer: { ...result.customer, updated_at: expect.any(String) } } : result,
    );
    expect(trial.body).toEqual({ results: expected });
    expect(real.body.results.map(({ status }: any) => status)).toEqual(isAtomic ? [200, 200] : [200, 200, 409, 404]);
  });

  it.each([
    ['PATCH', (id: string): Call => ['PATCH', `/api/customers/${id}`, { body: { status: 'suspended' } }]],
    [
      'a bulk',
      (id: string): Call => ['PATCH', '/api/customers', { body: { customers: [{ id, status: 'inactive' }] } }],
    ],
    ['revert', (id: string): Call => ['POST', `/api/customers/${id}/revert`, { body: { version: 1 } }]],
  ])('on %s ends no portal session', async (_, callOf) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ status: 'inactive' });
    await account.patch(id, { status: 'active' });
    const { token } = (await makeSession(account, id)).body;
    const before = await stored(account);
    expect((await account.call(...onTrial(callOf(id)))).status).toBe(200);
    expect(await stored(account)).toEqual(before);
    expect((await readSession(service, token)).status).toBe(200);
    await account.call(...callOf(id));
    expect((await readSession(service, token)).status).toBe(401);
  });

  describe('answers with the same error', () => {
    it.each<[number, string, (ids: { id: string; taken: string }) => Call]>([
      [404, 'PATCH', () => ['PATCH', `/api/customers/${randomUUID()}`, { body: { first_name: 'Jane' } }]],
      [404, 'revert', ({ id }) => ['POST', `/api/customers/${id}/revert`, { body: { version: 9 } }]],
      [409, 'PATCH', ({ id, taken }) => ['PATCH', `/api/customers/${id}`, { body: { email: taken } }]],
      [409, 'POST', ({ taken }) => ['POST', '/api/customers', { body: { ...person(), email: taken } }]],
      [
        412,
        'PATCH',
        ({ id }) => ['PATCH', `/api/customers/${id}`, { body: { language: 'en' }, headers: { 'if-match': '"9"' } }],
      ],
      [
        409,
        'an atomic bulk',
        ({ id, taken }) => ['PATCH', '/api/customers?atomic=true', { body: { customers: [{ id, email: taken }] } }],
      ],
    ])('%i to %s', async (status, _, callOf) => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const call = callOf({ id, taken: (await account.makeCustomer()).email });
      const { trial, real } = await expectTrial(account, call);
      expect([trial.status, trial.body]).toEqual([status, real.body]);
    });

    it('403 at the seller’s limit', async () => {
      const account = await makeAccount(service);
      await account.sql('UPDATE sellers SET customer_limit = 1 WHERE id = $1', [account.seller.id]);
      const { trial } = await expectTrial(account, ['POST', '/api/customers', { body: person() }]);
      expect(trial.status).toBe(201);
      const refused = await expectTrial(account, ['POST', '/api/customers', { body: person() }]);
      expect([refused.trial.status, refused.trial.body.message]).toEqual([403, 'Customer limit reached']);
    });
  });

  it('says of an error, too, that it was a trial', async () => {
    const account = await makeAccount(service);
    const body = { ...person(), email: (await account.makeCustomer()).email };
    const { status, headers } = await account.call('POST', '/api/customers?dry_run=true', { body });
    expect([status, headers.get('dry-run')]).toEqual([409, 'true']);
  });

  it('checks the body, and the scope of the key', async () => {
    const account = await makeAccount(service);
    const reader = await account.makeKey({ scopes: ['customers:read'] });
    const create = (options: RequestOptions) => account.call('POST', '/api/customers?dry_run=true', options);
    expect((await create({ body: { ...person(), email: 'x' } })).body.message).toBe(
      'body/email must match format "email"',
    );
    expect((await create({ body: person(), key: reader.key })).status).toBe(403);
  });
});
