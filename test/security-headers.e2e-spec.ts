import { SCOPES } from '../src/http/caller';
import { makeAccount } from './support/factories';
import { request } from './support/http';
import { parseRaw, sendRaw } from './support/raw';
import { useService } from './support/service';

const HEADERS = {
  'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
};

describe('Every answer', () => {
  const service = useService();

  it('tells browsers and caches to do no more with it than show it once', async () => {
    const { key } = await makeAccount(service, { scopes: [...SCOPES] });
    const { body } = await request('GET', `${service.url}/docs-json`);
    const operations = Object.entries<object>(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/{\w+}/, body.info.title)]),
    );
    operations.push(['GET', '/nowhere'], ['PUT', '/api/customers'], ['OPTIONS', '/api/customers'], ['GET', '/%zz']);
    expect(operations.length).toBeGreaterThan(20);
    for (const [method = '', path = ''] of operations) {
      for (const options of [{}, { key }, { key, body: '{' }]) {
        if (method === 'GET' && 'body' in options) continue;
        const { headers } = await request(method, service.url + path, options);
        const found = Object.fromEntries(Object.keys(HEADERS).map((name) => [name, headers.get(name)]));
        expect([method, path, found]).toEqual([method, path, HEADERS]);
        expect(headers.has('x-powered-by')).toBe(false);
      }
    }
  });

  it('does so even when the request was no HTTP', async () => {
    for (const bytes of ['nonsense\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n']) {
      const { headers } = parseRaw(await sendRaw(service.port, bytes));
      expect(headers).toMatchObject(HEADERS);
    }
  });

  it('lets the documentation run its own files alone', async () => {
    const { status, headers } = await request('GET', `${service.url}/docs`);
    expect(status).toBe(200);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe|\*/);
  });
});
