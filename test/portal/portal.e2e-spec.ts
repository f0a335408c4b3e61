import { createHash } from 'node:crypto';
import { generateToken } from '../../src/portal/portal-sessions.service';
import { type Account, makeAccount } from '../support/factories';
import { request } from '../support/http';
import { makeSession, readSession } from '../support/portal';
import { useService } from '../support/service';

const UNKNOWN_ID = '550e8400-e29b-41d4-a716-446655440000';
const NOT_VALID = { error: 'Unauthorized', message: 'Portal session is not valid' };
const PROBLEM = { accept: 'application/problem+json' };

describe('The portal', () => {
  const service = useService({ portalSessionMinutes: 90 });

  async function session() {
    const account = await makeAccount(service);
    const customer = await account.makeCustomer({ address_data: { city: 'Bonn', street: 'A 1' } });
    const { body } = await makeSession(account, customer.id);
    return { account, customer, ...(body as { id: string; token: string; expires_at: string }) };
  }

  async function expectRefusal(token: string) {
    const { status, body } = await readSession(service, token);
    expect([status, body]).toEqual([401, NOT_VALID]);
  }

  describe('POST /api/customers/{id}/portal-sessions', () => {
    it('answers with a token that lasts as long as configured', async () => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const [row] = await account.sql('SELECT now()');
      const { status, headers, body } = await makeSession(account, id.toUpperCase());
      expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
      expect(Object.keys(body)).toEqual(['id', 'token', 'customer_id', 'expires_at']);
      expect(body).toMatchObject({
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/),
        token: expect.stringMatching(/^ps_live_[0-9A-Za-z]{48}$/),
        customer_id: id,
        expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      });
      const lasts = Date.parse(body.expires_at) - row?.now;
      expect(lasts).toBeGreaterThanOrEqual(90 * 60_000);
      expect(lasts).toBeLessThan(91 * 60_000);
    });

    it.each([
      ['none, of the JSON type', { 'content-type': 'application/json' }, undefined],
      ['another type', { 'content-type': 'text/plain' }, 'hello'],
      ['no JSON', { 'content-type': 'application/json' }, '{'],
      ['unknown members', { 'content-type': 'application/json' }, '{"id": 1}'],
      ['100 KiB', { 'content-type': 'application/json' }, JSON.stringify('x'.repeat(100_000))],
    ])('ignores the body: %s', async (_, headers, body) => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const url = `${service.url}/api/customers/${id}/portal-sessions`;
      expect((await request('POST', url, { key: account.key, headers, body })).status).toBe(201);
    });

    it('stores a hash of the token, never the token', async () => {
      const { account, id, token, customer } = await session();
      const [row] = await account.sql('SELECT * FROM portal_sessions WHERE id = $1', [id]);
      expect(row).toMatchObject({
        seller_id: account.seller.id,
        customer_id: customer.id,
        token_hash: createHash('sha256').update(token).digest(),
      });
      expect(JSON.stringify(row)).not.toContain(token.slice(8));
    });

    it('does not tell another seller’s customer from an unknown one, nor its status', async () => {
      const owner = await makeAccount(service);
      const ids = [(await owner.makeCustomer()).id, (await owner.makeCustomer({ status: 'suspended' })).id];
      const stranger = await makeAccount(service);
      for (const id of [...ids, UNKNOWN_ID]) {
        const { status, body } = await makeSession(stranger, id);
        expect([status, body]).toEqual([404, { error: 'Not Found', message: 'Customer not found' }]);
      }
      expect(await sessionsOf(owner)).toEqual([]);
    });

    it.each(['suspended', 'inactive'] as const)('refuses a customer who is %s', async (status) => {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer({ status });
      const message = `Customer is ${status} and cannot log in to the portal`;
      const refused = await makeSession(account, id);
      expect([refused.status, refused.body]).toEqual([403, { error: 'Forbidden', message }]);
      const url = `${service.url}/api/customers/${id}/portal-sessions`;
      const problem = await request('POST', url, { key: account.key, headers: PROBLEM });
      expect(problem.body).toMatchObject({ type: '/problems/forbidden', status: 403, detail: message });
      expect(await sessionsOf(account)).toEqual([]);
    });

    it('removes the expired sessions of the customer, and no others', async () => {
      const { account, customer, id } = await session();
      const other = await makeSession(account, (await account.makeCustomer()).id);
      await account.sql(`UPDATE portal_sessions SET expires_at = now() WHERE seller_id = $1`, [account.seller.id]);
      const fresh = [await makeSession(account, customer.id), await makeSession(account, customer.id)];
      const left = [other, ...fresh].map(({ body }) => body.id).sort();
      expect(await sessionsOf(account)).toEqual(left);
      expect(left).not.toContain(id);
    });
  });

  describe('GET /api/portal/session', () => {
    it('answers with the customer as it is now', async () => {
      const { account, customer, token, expires_at } = await session();
      const { status, headers, body } = await readSession(service, token);
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(JSON.stringify(body)).toBe(JSON.stringify({ customer, expires_at }));
      const { body: changed } = await account.patch(customer.id, { first_name: 'Jane', language: null });
      expect((await readSession(service, token)).body).toEqual({ customer: changed, expires_at });
    });

    it('takes the scheme in any case and ignores a key beside it', async () => {
      const { customer, token } = await session();
      const { key } = await makeAccount(service);
      for (const [scheme, other] of [
        ['bearer', {}],
        ['BEARER', { 'x-api-key': 'nonsense' }],
        ['Bearer', { 'x-api-key': key }],
      ] as const) {
        const headers = { authorization: `${scheme} ${token}`, ...other };
        const { status, body } = await request('GET', `${service.url}/api/portal/session`, { headers });
        expect([status, body.customer]).toEqual([200, customer]);
      }
    });

    it('refuses every other credential, before it looks at the query', async () => {
      const { account, token } = await session();
      const typo = token.slice(0, -1) + (token.endsWith('0') ? '1' : '0');
      const bearers = [account.key, typo, `${token}0`, token.slice(8), `${token}, ${token}`, ''];
      bearers.push(generateToken(account.seller.id));
      const wrong: Record<string, string>[] = [
        ...bearers.map((bearer) => ({ authorization: `Bearer ${bearer}` })),
        { authorization: `Basic ${token}` },
        { authorization: token },
        { 'x-api-key': token },
        { 'x-api-key': account.key },
        {},
      ];
      for (const headers of wrong) {
        const answer = await request('GET', `${service.url}/api/portal/session?unknown=1`, { headers });
        expect([headers, answer.status, answer.body]).toEqual([headers, 401, NOT_VALID]);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      }
      const problem = await request('GET', `${service.url}/api/portal/session`, { headers: PROBLEM });
      expect(problem.body).toMatchObject({ type: '/problems/unauthorized', status: 401, detail: NOT_VALID.message });
    });

    it('takes no query', async () => {
      const headers = { authorization: `Bearer ${(await session()).token}` };
      const { status, body } = await request('GET', `${service.url}/api/portal/session?unknown=1`, { headers });
      expect([status, body.message]).toEqual([400, 'querystring must NOT have additional properties']);
    });

    it('does not open anything else', async () => {
      const { customer, token } = await session();
      for (const headers of [{ 'x-api-key': token }, { authorization: `Bearer ${token}` }] as Record<
        string,
        string
      >[]) {
        const { status, body } = await request('GET', `${service.url}/api/customers/${customer.id}`, { headers });
        expect([status, body.message]).toEqual([401, 'Invalid API key']);
      }
    });

    it('refuses a session from the moment of its expiry, by the clock of the database', async () => {
      const { account, id, token } = await session();
      const expire = (when: string) =>
        account.sql(`UPDATE portal_sessions SET expires_at = ${when} WHERE id = $1`, [id]);
      await expire(`now() + interval '1 second'`);
      expect((await readSession(service, token)).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 1100));
      await expectRefusal(token);
    });
  });

  it('tells its methods, and no others are allowed', async () => {
    for (const [path, allow] of [
      ['/api/portal/session', 'GET, HEAD, OPTIONS'],
      [`/api/customers/${UNKNOWN_ID}/portal-sessions`, 'POST, OPTIONS'],
    ]) {
      const answers = [await request('OPTIONS', service.url + path), await request('PUT', service.url + path)];
      expect(answers.map(({ status }) => status)).toEqual([204, 405]);
      for (const { headers } of answers)
        expect(headers.get('allow')?.split(', ').sort()).toEqual(allow?.split(', ').sort());
    }
  });
});

/** The ids of all sessions of a seller. */
async function sessionsOf(account: Account): Promise<string[]> {
  const rows = await account.sql('SELECT id FROM portal_sessions WHERE seller_id = $1 ORDER BY id', [
    account.seller.id,
  ]);
  return rows.map(({ id }) => id);
}
