import { type Scope, SCOPES } from '../../src/api-keys/scopes';
import { type Account, makeAccount } from '../support/factories';
import { cli } from '../support/process';
import { databaseUrl, useService } from '../support/service';

const HOUR = 3600;

describe('Rotating an API key', () => {
  const service = useService();
  const makeManager = () => makeAccount(service, { scopes: [...SCOPES] });
  const rotate = (account: Account, id: string, body?: unknown) =>
    account.call('POST', `/api/api-keys/${id}/rotate`, { body });
  const read = async (account: Account, id: string) => (await account.call('GET', `/api/api-keys/${id}`)).body;
  const whoAmI = async (account: Account, key: string) => {
    const { status, body } = await account.call('GET', '/api/me', { key });
    return status === 200 ? body.api_key.id : body.message;
  };
  const secondsFromNow = (time: string) => (Date.parse(time) - Date.now()) / 1000;

  it.each([
    ['without a body', undefined],
    ['with an empty object', {}],
    ['with 0', { overlap_seconds: 0 }],
  ])('replaces it at once %s', async (_, sent) => {
    const account = await makeManager();
    const expires_at = new Date('2999-01-01');
    const old = await account.makeKey({ name: 'CRM', scopes: ['customers:read', 'api_keys:manage'], expires_at });
    const { status, headers, body } = await rotate(account, old.id, sent);
    expect(status).toBe(201);
    const { id, prefix, key, created_at, ...rest } = body;
    expect(rest).toEqual({
      name: 'CRM',
      scopes: ['customers:read', 'api_keys:manage'],
      expires_at: '2999-01-01T00:00:00.000Z',
      last_used_at: null,
      revoked_at: null,
    });
    expect(Object.keys(body).at(-1)).toBe('key');
    expect([key.startsWith(prefix), key === old.key, id === old.id]).toEqual([true, false, false]);
    expect(headers.get('location')).toBe(`/api/api-keys/${id}`);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await whoAmI(account, old.key)).toBe('API key has been revoked');
    expect(await whoAmI(account, key)).toBe(id);
    const { key: _key, ...shown } = body;
    expect(await read(account, id)).toMatchObject({ ...shown, last_used_at: expect.anything() });
    expect(created_at >= old.created_at.toISOString()).toBe(true);
  });

  it('lets the old one live for the overlap', async () => {
    const account = await makeManager();
    const old = await account.makeKey();
    const { body } = await rotate(account, old.id, { overlap_seconds: 2 });
    const { revoked_at } = await read(account, old.id);
    expect(secondsFromNow(revoked_at)).toBeGreaterThan(0);
    expect(await whoAmI(account, old.key)).toBe(old.id);
    expect(await whoAmI(account, body.key)).toBe(body.id);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect(await whoAmI(account, old.key)).toBe('API key has been revoked');
    expect(await whoAmI(account, body.key)).toBe(body.id);
    expect((await read(account, old.id)).revoked_at).toBe(revoked_at);
  });

  it('lets it live for a week at most, and never beyond its expiry', async () => {
    const account = await makeManager();
    const [forever, shortLived] = [
      await account.makeKey(),
      await account.makeKey({ expires_at: new Date(Date.now() + HOUR * 1000) }),
    ];
    for (const { id } of [forever, shortLived]) await rotate(account, id, { overlap_seconds: 604_800 });
    expect(secondsFromNow((await read(account, forever.id)).revoked_at)).toBeCloseTo(604_800, -2);
    const { revoked_at, expires_at } = await read(account, shortLived.id);
    expect(revoked_at).toBe(expires_at);
  });

  it('can be done again during the overlap, which may end earlier then but not later', async () => {
    const account = await makeManager();
    const old = await account.makeKey();
    const first = await rotate(account, old.id, { overlap_seconds: HOUR });
    const { revoked_at } = await read(account, old.id);
    const second = await rotate(account, old.id, { overlap_seconds: 2 * HOUR });
    expect(second.status).toBe(201);
    expect((await read(account, old.id)).revoked_at).toBe(revoked_at);
    expect((await rotate(account, old.id, { overlap_seconds: 60 })).status).toBe(201);
    expect(secondsFromNow((await read(account, old.id)).revoked_at)).toBeLessThanOrEqual(60);
    for (const { body } of [first, second]) expect(await whoAmI(account, body.key)).toBe(body.id);
  });

  it('leaves it revocable: at once, also during the overlap', async () => {
    const account = await makeManager();
    const old = await account.makeKey();
    await rotate(account, old.id, { overlap_seconds: HOUR });
    const { status, body } = await account.call('POST', `/api/api-keys/${old.id}/revoke`);
    expect([status, secondsFromNow(body.revoked_at) <= 0]).toEqual([200, true]);
    expect(await whoAmI(account, old.key)).toBe('API key has been revoked');
  });

  it('shows on the command line which ones live on', async () => {
    const account = await makeManager();
    const [dead, dying] = [await account.makeKey({ name: 'Dead' }), await account.makeKey({ name: 'Dying' })];
    await rotate(account, dead.id);
    await rotate(account, dying.id, { overlap_seconds: HOUR });
    const { stdout } = await cli(['keys', 'list', '--seller', account.seller.id], { DATABASE_URL: databaseUrl() });
    expect(stdout).toMatch(new RegExp(`^${dead.id} .* {2}revoked 2`, 'm'));
    expect(stdout).toMatch(new RegExp(`^${dying.id} .* {2}will be revoked 2`, 'm'));
    expect(stdout.match(/revoked/g)).toHaveLength(2);
  });

  it('brings no dead one back to life', async () => {
    const account = await makeManager();
    const expired = await account.makeKey({ expires_at: new Date(Date.now() - 1000) });
    const revoked = await account.makeKey();
    await account.call('POST', `/api/api-keys/${revoked.id}/revoke`);
    for (const [{ id }, message] of [
      [expired, 'API key has expired'],
      [revoked, 'API key has been revoked'],
    ] as const) {
      const before = await read(account, id);
      const { status, body } = await rotate(account, id, { overlap_seconds: HOUR });
      expect([status, body]).toEqual([409, { error: 'Conflict', message }]);
      expect(await read(account, id)).toEqual(before);
    }
    const headers = { accept: 'application/problem+json' };
    const { body } = await account.call('POST', `/api/api-keys/${revoked.id}/rotate`, { headers });
    expect(body).toMatchObject({ type: '/problems/conflict', status: 409, detail: 'API key has been revoked' });
    expect((await account.call('GET', '/api/api-keys')).body.data).toHaveLength(3);
  });

  it.each<[Scope[], string]>([
    [['customers:read', 'customers:write'], 'customers:write'],
    [['customers:write', 'api_keys:manage'], 'customers:write'],
  ])('with %j is not for a key without %s', async (scopes, missing) => {
    const account = await makeAccount(service, { scopes: ['customers:read', 'api_keys:manage'] });
    const { id, key } = await account.makeKey({ scopes });
    const { status, body } = await rotate(account, id);
    expect(status).toBe(403);
    expect(body).toEqual({ error: 'Forbidden', message: `API key does not have the ${missing} scope` });
    expect((await rotate(account, id, { overlap_seconds: -1 })).status).toBe(400);
    expect(await whoAmI(account, key)).toBe(id);
    await account.call('POST', `/api/api-keys/${id}/revoke`);
    expect((await rotate(account, id)).status).toBe(403);
  });

  it('happens once when many do it at the same time', async () => {
    const account = await makeManager();
    const old = await account.makeKey();
    const answers = await Promise.all(Array.from({ length: 50 }, () => rotate(account, old.id)));
    const [made, ...refused] = answers.sort((a, b) => a.status - b.status);
    expect([made?.status, new Set(refused.map(({ status }) => status))]).toEqual([201, new Set([409])]);
    expect(new Set(refused.map(({ body }) => body.message))).toEqual(new Set(['API key has been revoked']));
    const { body } = await account.call('GET', '/api/api-keys');
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([made?.body.id, old.id, account.apiKey.id]);
  });

  it('makes as many keys as there are answers when many do it with an overlap', async () => {
    const account = await makeManager();
    const old = await account.makeKey();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => rotate(account, old.id, { overlap_seconds: HOUR + i })),
    );
    const made = answers.map(({ body }) => body.id).sort();
    const { body } = await account.call('GET', '/api/api-keys');
    const ids = body.data.map(({ id }: { id: string }) => id).filter((id: string) => made.includes(id));
    expect([new Set(made).size, ids.sort()]).toEqual([20, made]);
    expect(secondsFromNow((await read(account, old.id)).revoked_at)).toBeLessThanOrEqual(HOUR);
  });
});
