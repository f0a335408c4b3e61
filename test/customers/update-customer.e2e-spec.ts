import { makeAccount, uniqueEmail } from '../support/factories';
import { useService } from '../support/service';

const MEMBERS = [
  'id',
  'seller_id',
  'first_name',
  'last_name',
  'email',
  'company_name',
  'legal_entity',
  'language',
  'address_data',
  'postal_redirect_address',
  'status',
  'source',
  'created_at',
  'updated_at',
];

describe('PATCH /api/customers/{id}', () => {
  const service = useService();

  it('changes what the body holds and leaves the rest', async () => {
    const account = await makeAccount(service);
    const before = await account.makeCustomer({ company_name: 'Old', legal_entity: 'GmbH' });
    const { status, headers, body } = await account.patch(before.id, { first_name: 'Jane', language: 'en' });
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"2"');
    expect(body).toEqual({ ...before, first_name: 'Jane', language: 'en', updated_at: body.updated_at });
    expect(Date.parse(body.updated_at)).toBeGreaterThanOrEqual(Date.parse(before.updated_at));
    expect(await account.row(before.id)).toEqual({ ...body, version: 2 });
  });

  it('answers with the fourteen members of the contract, in its order', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { body } = await account.patch(id, { first_name: 'Jane' });
    expect(Object.keys(body)).toEqual(MEMBERS);
    expect(body.updated_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('changes every member that a client may change', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const change = {
      first_name: 'Zoë 𝄞',
      last_name: "O'Neil",
      email: uniqueEmail().toUpperCase(),
      company_name: '株式会社',
      legal_entity: 'AG',
      language: 'en',
      status: 'suspended',
      address_data: { street: 'Musterstraße 123', city: 'Berlin', postal_code: '10115', country: 'Germany' },
      postal_redirect_address: { street: 'Weg 5', city: 'München', postal_code: '80331', country: 'Germany' },
    };
    const { status, body } = await account.patch(id, change);
    expect(status).toBe(200);
    expect(body).toMatchObject(change);
    expect(Object.keys(body.address_data)).toEqual(['street', 'city', 'postal_code', 'country']);
  });

  it.each(['application/json', 'application/merge-patch+json', 'Application/JSON; charset=UTF-8'])(
    'reads %s',
    async (type) => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const { status, body } = await account.patch(id, '{"first_name": "Jane"}', { headers: { 'content-type': type } });
      expect([status, body.first_name]).toEqual([200, 'Jane']);
    },
  );

  it('clears with null what may be null', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({
      company_name: 'Acme',
      legal_entity: 'AG',
      address_data: { city: 'Bonn' },
    });
    const cleared = { company_name: null, legal_entity: null, language: null, address_data: null };
    const { body } = await account.patch(id, cleared);
    expect(body).toMatchObject(cleared);
  });

  it('merges an address member by member', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ address_data: { street: 'A 1', city: 'Bonn', country: 'Germany' } });
    const change = { address_data: { street: 'B 2', city: null, postal_code: '53111' } };
    const { body } = await account.patch(id, change);
    expect(body.address_data).toEqual({ street: 'B 2', postal_code: '53111', country: 'Germany' });
  });

  it('makes an address null when its last member goes', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ address_data: { city: 'Bonn' } });
    const { body } = await account.patch(id, { address_data: { city: null } });
    expect(body.address_data).toBeNull();
  });

  it.each([
    ['the same values', { first_name: 'John', company_name: null, address_data: { city: 'Bonn' } }],
    ['an empty address', { address_data: {} }],
    ['the removal of what is not there', { address_data: { street: null }, postal_redirect_address: { city: null } }],
  ])('changes nothing for %s', async (_, change) => {
    const account = await makeAccount(service);
    const before = await account.makeCustomer({ address_data: { city: 'Bonn' } });
    const row = await account.sql('SELECT xmin, * FROM customers WHERE id = $1', [before.id]);
    const { status, headers, body } = await account.patch(before.id, change);
    expect([status, headers.get('etag')]).toEqual([200, '"1"']);
    expect(body).toEqual(before);
    expect(await account.sql('SELECT xmin, * FROM customers WHERE id = $1', [before.id])).toEqual(row);
  });

  it('accepts the id in upper case and prints it in lower case', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, body } = await account.patch(id.toUpperCase(), { first_name: 'Jane' });
    expect([status, body.id]).toEqual([200, id]);
  });

  it('keeps the last of duplicate members', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { body } = await account.patch(id, '{"first_name": "Ann", "first_name": "Eve"}');
    expect(body.first_name).toBe('Eve');
  });

  describe('the email', () => {
    it.each([
      ['as it is', (email: string) => email],
      ['in another letter case', (email: string) => email.toUpperCase()],
    ])('of another customer, %s, is a conflict', async (_, vary) => {
      const account = await makeAccount(service);
      const [one, other] = [await account.makeCustomer(), await account.makeCustomer()];
      const { status, headers, body } = await account.patch(one.id, { first_name: 'X', email: vary(other.email) });
      expect(status).toBe(409);
      expect(body).toEqual({ error: 'Conflict', message: 'A customer with this email already exists' });
      expect(headers.get('etag')).toBeNull();
      expect(await account.row(one.id)).toMatchObject({ first_name: 'John', email: one.email, version: 1 });
    });

    it('may change its letter case, and is kept as sent', async () => {
      const account = await makeAccount(service);
      const { id, email } = await account.makeCustomer();
      const { status, body } = await account.patch(id, { email: email.toUpperCase() });
      expect([status, body.email]).toEqual([200, email.toUpperCase()]);
    });

    it('may be that of another seller’s customer', async () => {
      const { email } = await (await makeAccount(service)).makeCustomer();
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      expect((await account.patch(id, { email })).status).toBe(200);
    });
  });

  it('does not know an unknown customer', async () => {
    const account = await makeAccount(service);
    const { status, body } = await account.patch('550e8400-e29b-41d4-a716-446655440000', { first_name: 'Jane' });
    expect(status).toBe(404);
    expect(body).toEqual({ error: 'Not Found', message: 'Customer not found' });
  });

  it('does not tell another seller’s customer from an unknown one, nor change it', async () => {
    const owner = await makeAccount(service);
    const { id } = await owner.makeCustomer();
    const before = await owner.row(id);
    const stranger = await makeAccount(service);
    for (const change of [{ first_name: 'Jane' }, { first_name: 'John' }, { email: uniqueEmail() }]) {
      const { status, body } = await stranger.patch(id, change);
      expect([status, body]).toEqual([404, { error: 'Not Found', message: 'Customer not found' }]);
    }
    expect(await owner.row(id)).toEqual(before);
  });
});
