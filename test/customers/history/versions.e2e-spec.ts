import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { makeAccount, uniqueEmail } from '../../support/factories';
import { useService } from '../../support/service';

const NO_VERSION = { error: 'Not Found', message: 'Customer version not found' };

const address = fc.option(
  fc.record(
    {
      street: fc.constantFrom('A 1', 'B 2', null),
      city: fc.constantFrom('Bonn', 'Köln', null),
      postal_code: fc.constantFrom('53111', null),
      country: fc.constantFrom('Germany', null),
    },
    { requiredKeys: [] },
  ),
);

/** Few values, so that changes often change nothing, and come back to what was before. */
const patch = fc.record(
  {
    first_name: fc.constantFrom('John', 'Jane'),
    email: fc.constantFrom(0, 1, 2),
    company_name: fc.constantFrom('Acme', 'Zoë 𝄞', null),
    language: fc.constantFrom('en', 'de', null),
    status: fc.constantFrom('active', 'inactive', 'suspended'),
    address_data: address,
    postal_redirect_address: address,
  },
  { requiredKeys: ['first_name'] },
);

describe('GET /api/customers/{id}?version=', () => {
  const service = useService();

  it('answers with every version exactly as it was', async () => {
    const account = await makeAccount(service);
    const created = await account.call('POST', '/api/customers', {
      body: { first_name: 'John', last_name: 'Doe', email: uniqueEmail(), address_data: { city: 'Bonn' } },
    });
    const { id } = created.body;
    const changes = [
      { email: uniqueEmail(), language: null },
      { address_data: { street: 'A 1' }, company_name: 'Acme' },
      { status: 'suspended', address_data: null },
      { postal_redirect_address: { country: 'Germany', street: 'B 2' }, company_name: null },
    ];
    const answers = [created];
    for (const change of changes) answers.push(await account.patch(id, change));
    for (const [index, { body, headers }] of answers.entries()) {
      const past = await account.call('GET', `/api/customers/${id}?version=${index + 1}`);
      expect([past.status, past.headers.get('etag')]).toEqual([200, `"${index + 1}"`]);
      expect(headers.get('etag')).toBe(`"${index + 1}"`);
      expect(JSON.stringify(past.body)).toBe(JSON.stringify(body));
    }
  });

  it('takes the id in any letter case', async () => {
    const account = await makeAccount(service);
    const before = await account.makeCustomer();
    await account.patch(before.id, { first_name: 'Jane' });
    const { status, body } = await account.call('GET', `/api/customers/${before.id.toUpperCase()}?version=1`);
    expect([status, body]).toEqual([200, before]);
  });

  it.each(['0', '-1', '2', '2147483647', '2147483648', '9'.repeat(30), `-${'9'.repeat(30)}`, '-2147483649'])(
    'does not know version %s',
    async (version) => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const { status, body, headers } = await account.call('GET', `/api/customers/${id}?version=${version}`);
      expect([status, body, headers.get('etag')]).toEqual([404, NO_VERSION, null]);
    },
  );

  it.each(['', 'x', '1.0', '1e0', '%201', '0x1', 'null', '1&version=1'])('refuses version %j', async (version) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, body } = await account.call('GET', `/api/customers/${id}?version=${version}`);
    expect([status, body]).toEqual([400, { error: 'Bad Request', message: 'querystring/version must be integer' }]);
  });

  it('does not tell another seller’s customer from an unknown one', async () => {
    const account = await makeAccount(service);
    const { id } = await (await makeAccount(service)).makeCustomer();
    for (const unknown of [id, randomUUID()]) {
      const { status, body } = await account.call('GET', `/api/customers/${unknown}?version=1`);
      expect([status, body]).toEqual([404, { error: 'Not Found', message: 'Customer not found' }]);
    }
  });

  it('compares If-None-Match with the version that is asked for', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    await account.patch(id, { first_name: 'Jane' });
    const ask = (version: number, tag: string) =>
      account.call('GET', `/api/customers/${id}?version=${version}`, { headers: { 'if-none-match': tag } });
    const known = await ask(1, 'W/"1"');
    expect([known.status, known.headers.get('etag'), known.body]).toEqual([304, '"1"', '']);
    expect((await ask(1, '"2"')).status).toBe(200);
    expect((await ask(2, '"2"')).status).toBe(304);
    expect((await ask(3, '"3"')).body).toEqual(NO_VERSION);
  });

  it('holds for whatever was changed, and the history leads from the first version to the current state', async () => {
    const account = await makeAccount(service);
    await fc.assert(
      fc.asyncProperty(fc.array(patch, { minLength: 1, maxLength: 12 }), async (patches) => {
        const emails = [uniqueEmail(), uniqueEmail(), uniqueEmail()];
        const first = await account.makeCustomer();
        const recorded = new Map<string, unknown>([['"1"', first]]);
        let current: any = first;
        for (const { email, ...members } of patches) {
          const answer = await account.patch(
            first.id,
            email === undefined ? members : { ...members, email: emails[email] },
          );
          expect(answer.status).toBe(200);
          const tag = String(answer.headers.get('etag'));
          // A version never changes: whoever changed nothing got what it was before.
          expect(recorded.get(tag) ?? answer.body).toEqual(answer.body);
          recorded.set(tag, answer.body);
          current = answer.body;
        }
        for (const [tag, body] of recorded) {
          const past = await account.call('GET', `/api/customers/${first.id}?version=${tag.slice(1, -1)}`);
          expect([past.status, past.headers.get('etag'), past.body]).toEqual([200, tag, body]);
        }

        const { body } = await account.call('GET', `/api/customers/${first.id}/history?limit=100`);
        const entries = body.data.reverse();
        expect(entries.map(({ version }: any) => `"${version}"`)).toEqual([...recorded.keys()]);
        const state: Record<string, unknown> = {};
        for (const { changes } of entries) {
          expect(Object.keys(changes)).not.toEqual([]);
          for (const [member, change] of Object.entries<any>(changes)) {
            expect(change.old).toEqual(state[member] ?? null);
            expect(change.new).not.toEqual(change.old);
            state[member] = change.new;
          }
        }
        const { id, seller_id, source, created_at, updated_at, ...members } = current;
        const empty = Object.fromEntries(Object.keys(members).map((member) => [member, null]));
        expect({ ...empty, ...state }).toEqual(members);
        expect(entries.at(-1).created_at).toBe(updated_at);
        expect({ id, seller_id, source, created_at }).toMatchObject({ id: first.id, created_at: first.created_at });
      }),
      { numRuns: 25 },
    );
  });
});
