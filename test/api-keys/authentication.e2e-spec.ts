import { generateKey, hashSecret } from '../../src/api-keys/secret-format';
import { ApiKeysService } from '../../src/api-keys/api-keys.service';
import { makeAccount } from '../support/factories';
import { startService, useService } from '../support/service';

const MISSING = 'API key is required. Provide it via X-API-Key header or Authorization Bearer token.';

describe('Authentication', () => {
  const service = useService();

  async function attempt(headers: Record<string, string | undefined>) {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, body } = await account.patch(
      id,
      { first_name: 'Jane' },
      { key: undefined, headers: headers as Record<string, string> },
    );
    return { account, id, status, body };
  }

  it.each([
    {},
    { 'x-api-key': '' },
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Basic eDp5' },
  ])('asks for a key when the headers are %j', async (headers) => {
    const { status, body } = await attempt(headers);
    expect([status, body]).toEqual([401, { error: 'Unauthorized', message: MISSING }]);
  });

  const valid = generateKey();
  it.each([
    ['is not a key', 'secret'],
    ['is unknown', valid],
    ['has a bad checksum', valid.slice(0, -1) + (valid.endsWith('0') ? '1' : '0')],
    ['has a typo', valid.replace(/^(.{20})./, (_, start) => start + (valid[20] === 'x' ? 'y' : 'x'))],
    ['is too short', valid.slice(0, -1)],
    ['is too long', `${valid}0`],
    ['has another prefix', valid.replace('live', 'test')],
    ['is two keys', `${valid}, ${valid}`],
  ])('refuses a key that %s', async (_, key) => {
    for (const headers of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }]) {
      const { status, body } = await attempt(headers);
      expect([status, body]).toEqual([401, { error: 'Unauthorized', message: 'Invalid API key' }]);
    }
  });

  it.each(['Bearer', 'bearer', 'BEARER'])('accepts the key as %s token', async (scheme) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const headers = { authorization: `${scheme} ${account.key}` };
    expect((await account.patch(id, { first_name: 'Jane' }, { key: undefined, headers })).status).toBe(200);
  });

  it('counts X-API-Key when both are sent', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const bad = await account.patch(
      id,
      { first_name: 'A' },
      { key: valid, headers: { authorization: `Bearer ${account.key}` } },
    );
    expect([bad.status, bad.body.message]).toEqual([401, 'Invalid API key']);
    const good = await account.patch(id, { first_name: 'A' }, { headers: { authorization: `Bearer ${valid}` } });
    expect(good.status).toBe(200);
  });

  it('refuses an expired key from the moment of its expiry', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { key } = await account.makeKey({ expires_at: new Date(Date.now() + 1000) });
    expect((await account.patch(id, { first_name: 'A' }, { key })).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const { status, body } = await account.patch(id, { first_name: 'B' }, { key });
    expect([status, body]).toEqual([401, { error: 'Unauthorized', message: 'API key has expired' }]);
  });

  it('refuses a revoked key on the very next request, on every instance', async () => {
    const other = await startService();
    try {
      const account = await makeAccount(service);
      const { id } = await account.makeCustomer();
      const url = `${other.url}/api/customers/${id}`;
      const headers = { 'x-api-key': account.key, 'content-type': 'application/json' };
      const patch = () => fetch(url, { method: 'PATCH', headers, body: '{"first_name":"Jane"}' });
      expect((await patch()).status).toBe(200);
      await service.app.get(ApiKeysService).revoke(account.apiKey.id);
      const refused = await patch();
      expect(refused.status).toBe(401);
      expect(await refused.json()).toEqual({ error: 'Unauthorized', message: 'API key has been revoked' });
      expect((await account.patch(id, { first_name: 'X' })).body.message).toBe('API key has been revoked');
    } finally {
      await other.app.close();
    }
  });

  it('lets nothing through after the answer to a revoke, under load', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    let revoked = false;
    const late: number[] = [];
    const client = async () => {
      for (let i = 0; i < 25; i++) {
        const wasRevoked = revoked;
        const { status } = await account.patch(id, { first_name: `N${Math.random()}` });
        if (wasRevoked) late.push(status);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    await service.app.get(ApiKeysService).revoke(account.apiKey.id);
    revoked = true;
    await Promise.all(clients);
    expect(late.length).toBeGreaterThan(0);
    expect(new Set(late)).toEqual(new Set([401]));
  });

  it('refuses a key without the scope of the route', async () => {
    const account = await makeAccount(service, { scopes: ['customers:read'] });
    const { id } = await account.makeCustomer();
    const { status, body } = await account.patch(id, {});
    expect(status).toBe(403);
    expect(body).toEqual({ error: 'Forbidden', message: 'API key does not have the customers:write scope' });
  });

  it('names the challenge in a 401', async () => {
    const account = await makeAccount(service);
    const { headers } = await account.patch('x', {}, { key: undefined });
    expect(headers.get('www-authenticate')).toBe('Bearer');
  });

  it('stores a hash and a visible prefix of a key, never the key', async () => {
    const account = await makeAccount(service);
    const [row] = await account.sql('SELECT * FROM api_keys WHERE id = $1', [account.apiKey.id]);
    expect(row).toMatchObject({ key_hash: hashSecret(account.key), prefix: account.key.slice(0, 12) });
    expect(JSON.stringify(row)).not.toContain(account.key.slice(12));
  });

  it('notes the use of a key at most once a minute', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const state = async () =>
      (await account.sql('SELECT xmin, last_used_at FROM api_keys WHERE id = $1', [account.apiKey.id]))[0];
    expect(await state()).toMatchObject({ last_used_at: null });
    await Promise.all(Array.from({ length: 20 }, () => account.patch(id, { first_name: 'Jane' })));
    const first = await eventually(state, (row) => row?.last_used_at !== null);
    await Promise.all(Array.from({ length: 20 }, () => account.patch(id, { first_name: 'John' })));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await state()).toEqual(first);
    await account.sql(`UPDATE api_keys SET last_used_at = now() - interval '61 seconds' WHERE id = $1`, [
      account.apiKey.id,
    ]);
    await account.patch(id, { first_name: 'Jane' });
    const later = await eventually(state, (row) => Date.now() - row?.last_used_at < 30_000);
    expect(Number(later?.last_used_at)).toBeGreaterThanOrEqual(Number(first?.last_used_at));
  });
});

async function eventually<T>(read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  for (let i = 0; i < 100; i++) {
    const value = await read();
    if (isDone(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('It did not happen within 5 seconds');
}
