import { hashSecret, isKey } from '../../src/api-keys/secret-format';
import { type Scope, SCOPES } from '../../src/api-keys/scopes';
import { type Account, makeAccount } from '../support/factories';
import { useService } from '../support/service';

const MEMBERS = ['id', 'name', 'scopes', 'prefix', 'expires_at', 'last_used_at', 'created_at', 'revoked_at'];
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const UNKNOWN_ID = '550e8400-e29b-41d4-a716-446655440000';

describe('API keys', () => {
  const service = useService();
  const makeManager = () => makeAccount(service, { scopes: [...SCOPES] });
  const whoAmI = async (account: Account, key: string) => {
    const { status, body } = await account.call('GET', '/api/me', { key });
    return [status, body.message];
  };

  it('are made with what the contract says unless told otherwise, and shown once', async () => {
    const account = await makeManager();
    const { status, headers, body } = await account.call('POST', '/api/api-keys', { body: { name: 'CRM' } });
    expect(status).toBe(201);
    expect(Object.keys(body)).toEqual([...MEMBERS, 'key']);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      name: 'CRM',
      scopes: ['customers:read', 'customers:write'],
      prefix: body.key.slice(0, 12),
      expires_at: null,
      last_used_at: null,
      created_at: TIME,
      revoked_at: null,
      key: body.key,
    });
    expect(isKey(body.key)).toBe(true);
    expect(headers.get('location')).toBe(`/api/api-keys/${body.id}`);
    expect(headers.get('cache-control')).toBe('no-store');

    const { key, ...shown } = body;
    const read = await account.call('GET', `/api/api-keys/${body.id}`);
    expect([read.status, read.body]).toEqual([200, shown]);
    expect(Object.keys(read.body)).toEqual(MEMBERS);
    const [row] = await account.sql('SELECT * FROM api_keys WHERE id = $1', [body.id]);
    expect(row).toMatchObject({ seller_id: account.seller.id, key_hash: hashSecret(key) });
    const { id } = await account.makeCustomer();
    expect((await account.patch(id, { first_name: 'Jane' }, { key })).status).toBe(200);
  });

  it('are made with scopes, an expiry and a name of their own', async () => {
    const account = await makeManager();
    const wanted = {
      name: ' 𝄞 "x" ',
      scopes: ['api_keys:manage', 'customers:read'],
      expires_at: '2999-01-01T01:00:00+01:00',
    };
    const { body } = await account.call('POST', '/api/api-keys', { body: wanted });
    expect(body).toMatchObject({ ...wanted, expires_at: '2999-01-01T00:00:00.000Z' });
    const { body: me } = await account.call('GET', '/api/me', { key: body.key });
    expect(me.api_key).toMatchObject({ ...wanted, expires_at: '2999-01-01T00:00:00.000Z' });
    const never = await account.call('POST', '/api/api-keys', { body: { name: 'x', expires_at: null } });
    expect(never.body.expires_at).toBeNull();
  });

  it.each<[Scope[], Scope[] | undefined, string]>([
    [['api_keys:manage'], undefined, 'customers:read'],
    [['customers:read', 'api_keys:manage'], undefined, 'customers:write'],
    [['api_keys:manage'], ['customers:write', 'customers:read'], 'customers:read'],
    [['customers:read', 'api_keys:manage'], ['api_keys:manage', 'customers:write'], 'customers:write'],
  ])('with %j cannot make one with %j', async (own, scopes, missing) => {
    const account = await makeAccount(service, { scopes: own });
    const body = { error: 'Forbidden', message: `API key does not have the ${missing} scope` };
    const refused = await account.call('POST', '/api/api-keys', { body: { name: 'x', scopes } });
    expect([refused.status, refused.body]).toEqual([403, body]);
    const invalid = await account.call('POST', '/api/api-keys', { body: { name: '', scopes } });
    expect(invalid.status).toBe(400);
    expect((await account.call('GET', '/api/api-keys')).body.data).toHaveLength(1);
  });

  it('can make one with the scopes that they have', async () => {
    const account = await makeAccount(service, { scopes: ['api_keys:manage'] });
    const made = await account.call('POST', '/api/api-keys', { body: { name: 'x', scopes: ['api_keys:manage'] } });
    expect(made.status).toBe(201);
  });

  it('need the scope api_keys:manage', async () => {
    const account = await makeAccount(service);
    const one = `/api/api-keys/${account.apiKey.id}`;
    const routes = ['GET /api/api-keys', 'POST /api/api-keys', `GET ${one}`, `DELETE ${one}`, `POST ${one}/revoke`];
    for (const route of [...routes, `POST ${one}/rotate`]) {
      const [method = '', path = ''] = route.split(' ');
      const { status, body } = await account.call(method, path, { body: method === 'POST' ? {} : undefined });
      expect([route, status, body.message]).toEqual([route, 403, 'API key does not have the api_keys:manage scope']);
    }
    expect(await whoAmI(account, account.key)).toEqual([200, undefined]);
  });

  it('are listed newest first, the dead ones, too, and only those of the seller', async () => {
    const [account, other] = [await makeManager(), await makeManager()];
    const made = [account.apiKey, await account.makeKey({ name: 'B' }), await account.makeKey({ name: 'C' })];
    await account.call('POST', `/api/api-keys/${made[1]?.id}/revoke`);
    const { status, body } = await account.call('GET', '/api/api-keys');
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['data', 'next_cursor']);
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual(made.map(({ id }) => id).reverse());
    for (const key of body.data) expect(Object.keys(key)).toEqual(MEMBERS);
    expect(body.data[1].revoked_at).toEqual(TIME);
    expect(JSON.stringify(body)).not.toMatch(/hash|seller|"key"/);
    expect((await other.call('GET', '/api/api-keys')).body.data).toHaveLength(1);
  });

  it('are revoked at once, for good, and with the time of the first revocation', async () => {
    const account = await makeManager();
    const { id, key } = await account.makeKey();
    const revoked = await account.call('POST', `/api/api-keys/${id.toUpperCase()}/revoke`, { body: 'ignored' });
    expect(revoked.status).toBe(200);
    expect(Object.keys(revoked.body)).toEqual(MEMBERS);
    expect(revoked.body).toMatchObject({ id, revoked_at: TIME });
    expect(await whoAmI(account, key)).toEqual([401, 'API key has been revoked']);
    const again = await account.call('POST', `/api/api-keys/${id}/revoke`);
    expect([again.status, again.body]).toEqual([200, revoked.body]);
  });

  it('are revoked once when many revoke them at the same time', async () => {
    const account = await makeManager();
    const { id } = await account.makeKey();
    const revoke = () => account.call('POST', `/api/api-keys/${id}/revoke`);
    const answers = await Promise.all(Array.from({ length: 50 }, revoke));
    expect(new Set(answers.map(({ body }) => body.revoked_at)).size).toBe(1);
  });

  it('are unknown once they are deleted', async () => {
    const account = await makeManager();
    const { id, key } = await account.makeKey();
    expect(await whoAmI(account, key)).toEqual([200, undefined]);
    const deleted = await account.call('DELETE', `/api/api-keys/${id}`);
    expect([deleted.status, deleted.body]).toEqual([204, '']);
    expect(await whoAmI(account, key)).toEqual([401, 'Invalid API key']);
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/revoke'],
      ['POST', '/rotate'],
    ]) {
      const { status, body } = await account.call(`${method}`, `/api/api-keys/${id}${path}`);
      expect([path, status, body]).toEqual([path, 404, { error: 'Not Found', message: 'API key not found' }]);
    }
  });

  it.each([
    ['POST', '/revoke', 'API key has been revoked'],
    ['DELETE', '', 'Invalid API key'],
    ['POST', '/rotate', 'API key has been revoked'],
  ])('may end themselves: %s %s', async (method, path, message) => {
    const account = await makeManager();
    expect((await account.call(method, `/api/api-keys/${account.apiKey.id}${path}`)).status).toBeLessThan(300);
    expect(await whoAmI(account, account.key)).toEqual([401, message]);
  });

  it('of another seller cannot be seen, ended or rotated', async () => {
    const [account, other] = [await makeManager(), await makeManager()];
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/revoke'],
      ['POST', '/rotate'],
    ]) {
      for (const id of [other.apiKey.id, UNKNOWN_ID]) {
        const { status, body } = await account.call(`${method}`, `/api/api-keys/${id}${path}`);
        expect([path, status, body]).toEqual([path, 404, { error: 'Not Found', message: 'API key not found' }]);
      }
    }
    expect(await whoAmI(other, other.key)).toEqual([200, undefined]);
    expect((await other.call('GET', '/api/api-keys')).body.data).toHaveLength(1);
  });

  it('tell whose they are, whatever their scopes', async () => {
    const account = await makeAccount(service, { scopes: [], name: 'Bare', expires_at: new Date('2999-01-01') });
    const { status, body } = await account.call('GET', '/api/me');
    expect(status).toBe(200);
    const { id, prefix } = account.apiKey;
    const api_key = { id, name: 'Bare', prefix, scopes: [], expires_at: '2999-01-01T00:00:00.000Z' };
    expect(JSON.stringify(body)).toBe(JSON.stringify({ seller: { id: account.seller.id, name: 'Acme' }, api_key }));
    expect(JSON.stringify(body)).not.toContain(account.key);
  });
});
