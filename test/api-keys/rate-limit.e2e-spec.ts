import { makeAccount } from '../support/factories';
import { startService, useService } from '../support/service';

describe('The rate limit', () => {
  const service = useService({ rateLimitPerMinute: 5 });

  it('counts the requests of a seller, whichever key and route, and says what is left', async () => {
    const account = await makeAccount(service);
    const other = await account.makeKey();
    const first = await account.call('GET', '/api/me');
    expect(first.headers.get('ratelimit-policy')).toBe('"default";q=5;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"default";r=4;t=(60|59)$/);
    const left = [];
    for (const path of ['/api/customers', '/api/customers/nonsense', '/api/api-keys', '/api/me']) {
      const { headers } = await account.call('GET', path, { key: other.key });
      left.push(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
    }
    expect(left).toEqual(['3', '2', '1', '0']);
  });

  it('refuses what is too much, before the scope and the body, and tells when to come again', async () => {
    const account = await makeAccount(service);
    for (let i = 0; i < 5; i++) expect((await account.call('GET', '/api/me')).status).toBe(200);
    for (const refused of [await account.call('GET', '/api/api-keys'), await account.patch('nonsense', {})]) {
      expect(refused.status).toBe(429);
      const seconds = Number(refused.headers.get('retry-after'));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(60);
      expect(refused.body).toEqual({
        error: 'Too Many Requests',
        message: `Rate limit exceeded, retry in ${seconds} seconds`,
      });
      expect(refused.headers.get('ratelimit')).toBe(`"default";r=0;t=${seconds}`);
    }
  });

  it('leaves other sellers alone, and those without a key', async () => {
    const [busy, quiet] = [await makeAccount(service), await makeAccount(service)];
    for (let i = 0; i < 7; i++) await busy.call('GET', '/api/me');
    expect((await quiet.call('GET', '/api/me')).status).toBe(200);
    const unknown = await quiet.call('GET', '/api/me', { key: 'nonsense' });
    expect([unknown.status, unknown.headers.get('ratelimit')]).toEqual([401, null]);
  });

  it.each([-3_600_000, 3_600_000])('goes by the time that passes, though the clock is moved by %i ms', async (ms) => {
    const account = await makeAccount(service);
    for (let i = 0; i < 5; i++) await account.call('GET', '/api/me');
    const realNow = Date.now;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => realNow() + ms);
    try {
      const { status, headers } = await account.call('GET', '/api/me');
      expect(status).toBe(429);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(30);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
    } finally {
      clock.mockRestore();
    }
  });

  it('can be turned off, headers too', async () => {
    const account = await makeAccount(service);
    const unlimited = await startService({ rateLimitPerMinute: 0 });
    try {
      const { status, headers } = await account.call('GET', '/api/me');
      const there = await fetch(`${unlimited.url}/api/me`, { headers: { 'x-api-key': account.key } });
      expect([status, headers.has('ratelimit'), headers.has('ratelimit-policy')]).toEqual([200, true, true]);
      expect(['ratelimit', 'ratelimit-policy'].filter((name) => there.headers.has(name))).toEqual([]);
    } finally {
      await unlimited.app.close();
    }
  });
});
