import { SCOPES } from '../../src/api-keys/scopes';
import { makeAccount } from '../support/factories';
import { request } from '../support/http';
import { parseRaw, sendRaw } from '../support/raw';
import { useService } from '../support/service';

const HEADERS = {
  'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
};

describe('Every answer', () => {
  const service = useService({ requestTimeoutMs: 500 });

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

  it('does so when there is nothing new to tell, and for a HEAD', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const path = `/api/customers/${id}`;
    const answers = [
      await account.call('GET', path, { headers: { 'if-none-match': '"1"' } }),
      await account.call('HEAD', path),
      await account.call('DELETE', path),
      await account.call('HEAD', path),
      await account.call('PATCH', path, { body: 'x'.repeat(70_000) }),
      await account.call('OPTIONS', path),
    ];
    expect(answers.map(({ status }) => status)).toEqual([304, 200, 204, 404, 413, 204]);
    for (const { headers } of answers) expect(Object.fromEntries(headers)).toMatchObject(HEADERS);
  });

  it.each([
    [400, 'nonsense\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    [400, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
    [408, 'GET / HTTP/1.1\r\nHost: a\r\n'],
    [417, 'GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n'],
    [431, `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'x'.repeat(20_000)}\r\n\r\n`],
  ])('does so even when no handler sees the request: %i', async (expected, bytes) => {
    const { status, headers } = parseRaw(await sendRaw(service.port, bytes));
    expect([status, headers]).toEqual([expected, expect.objectContaining(HEADERS)]);
  });

  it('lets no other site read it, nor leaves a cookie', async () => {
    const { key } = await makeAccount(service);
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'x-api-key',
    };
    for (const method of ['OPTIONS', 'GET', 'PUT']) {
      const answer = await request(method, `${service.url}/api/customers`, { key, headers });
      const names = [...answer.headers.keys()];
      expect(names.filter((name) => /^access-control-|cookie|^(server|x-powered-by)$/.test(name))).toEqual([]);
    }
  });

  it('splits at no line break that a client sends', async () => {
    const { key } = await makeAccount(service);
    const split = '%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a';
    const targets = [`/api/${split}`, `/api/customers/${split}`, `/docs/${split}`, `/api/customers?cursor=${split}`];
    for (const target of targets) {
      for (const method of ['GET', 'PUT', 'OPTIONS', 'HEAD']) {
        const { headers } = await request(method, service.url + target, { key });
        expect([method, target, headers.has('set-cookie')]).toEqual([method, target, false]);
      }
    }
  });

  it('lets the documentation run its own files alone', async () => {
    const page = await request('GET', `${service.url}/docs`);
    const files = [...page.body.matchAll(/(?:src|href)="(\.[^"]+)"/g)].map(
      ([, path]) => new URL(path, `${service.url}/docs`),
    );
    expect(page.body).not.toMatch(/<script(?![^>]* src=)|\son\w+=|(src|href)="(https?:)?\/\//);
    for (const url of ['/docs', '/docs/', '/reference', '/problems', '/problems/conflict', ...files]) {
      const { status, headers } = await request('GET', String(new URL(url, service.url)));
      const policy = headers.get('content-security-policy') ?? '';
      expect([url, status]).toEqual([url, 200]);
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/script-src[^;]*unsafe|\*/);
      const { 'content-security-policy': _, 'cache-control': cache, ...others } = HEADERS;
      expect(Object.fromEntries(headers)).toMatchObject(others);
      // The files hold nothing that anybody might not know.
      const isFile = String(url).includes('/assets/');
      expect([url, headers.get('cache-control')]).toEqual([url, isFile ? 'public, max-age=3600' : cache]);
    }
  });
});
