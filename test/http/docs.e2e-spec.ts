import { readdir, readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { VERSION } from '../../src/version';
import { SCOPES } from '../../src/api-keys/scopes';
import { makeAccount, uniqueEmail } from '../support/factories';
import { type Answer, request } from '../support/http';
import { parseRaw, sendRaw } from '../support/raw';
import { startService, useService } from '../support/service';
import { until } from '../support/webhooks';

describe('The documentation', () => {
  const service = useService();
  const get = (path: string) => request('GET', `${service.url}${path}`);

  it('is a Swagger UI page with all that it loads', async () => {
    const { status, headers, body } = await get('/docs');
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    const assets = [...body.matchAll(/(?:src|href)="(\.[^"]+)"/g)].map(([, path]) => path);
    expect(assets.length).toBeGreaterThanOrEqual(4);
    expect((await fetch(`${service.url}/docs/assets/`)).status).toBe(404);
    for (const path of assets) {
      const asset = await fetch(new URL(path, `${service.url}/docs`));
      expect([path, asset.status]).toEqual([path, 200]);
      await asset.arrayBuffer();
    }
  });

  it('closes the files whose answers wait for another when their connection ends', async () => {
    const path = '/docs/assets/scalar.js';
    const openFiles = async () => {
      const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
      return (await Promise.all(links)).filter((link) => link.endsWith('scalar.js')).length;
    };
    const socket = connect(service.port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(20));
    await until(async () => (await openFiles()) === 20);
    socket.destroy();
    await until(async () => (await openFiles()) === 0);
  });

  it('is the same document as JSON and YAML', async () => {
    const json = await get('/docs-json');
    expect(json.body.openapi).toBe('3.1.0');
    const yaml = await get('/docs-yaml');
    expect(yaml.body).toMatch(/^openapi: 3\.1\.0$/m);
    expect(yaml.body).toContain('/api/customers/{id}:');
  });

  it('tells limits, nullability and an example of every member', async () => {
    const { body } = await get('/docs-json');
    const { UpdateCustomerDto: change, CustomerDto: customer } = body.components.schemas;
    expect(change).toMatchObject({ type: 'object', additionalProperties: false, minProperties: 1 });
    expect(change.required).toBeUndefined();
    expect(change.properties).toMatchObject({
      first_name: { type: 'string', minLength: 1, maxLength: 100, pattern: '\\S' },
      email: { type: 'string', format: 'email', maxLength: 254 },
      company_name: { type: ['string', 'null'], maxLength: 200 },
      language: { type: ['string', 'null'], enum: ['en', 'de', null] },
      status: { type: 'string', enum: ['active', 'inactive', 'suspended'] },
      address_data: {
        type: ['object', 'null'],
        additionalProperties: false,
        properties: { postal_code: { type: ['string', 'null'], minLength: 1, maxLength: 20 } },
      },
    });
    for (const { description, example } of Object.values<any>(change.properties)) {
      expect([description, example]).toEqual([expect.any(String), expect.anything()]);
    }
    expect(customer.required).toHaveLength(14);
  });

  it('gives every answer a body, in both forms where it is an error', async () => {
    const { body } = await get('/docs-json');
    const { responses, security } = body.paths['/api/customers/{id}'].patch;
    const errors = ['400', '401', '403', '404', '409', '412', '422', '429'];
    expect(Object.keys(responses)).toEqual(['200', ...errors, 'default']);
    expect(responses['429']).toEqual({ $ref: '#/components/responses/RateLimitExceeded' });
    expect(responses.default).toEqual({ $ref: '#/components/responses/Error' });
    const { RateLimitExceeded, Error: any } = body.components.responses;
    expect(Object.keys(RateLimitExceeded.headers)).toEqual(['Retry-After', 'RateLimit', 'RateLimit-Policy']);
    for (const status of [408, 413, 415, 417, 431, 500, 503]) expect(any.description).toContain(`[${status} `);
    for (const status of errors) {
      const { content } = status === '429' ? RateLimitExceeded : responses[status];
      expect(Object.keys(content)).toEqual(['application/json', 'application/problem+json']);
      expect(Object.keys(content['application/json'].example)).toEqual(['error', 'message']);
      expect(content['application/problem+json'].example.status).toBe(Number(status));
    }
    expect(security).toEqual([{ ApiKeyHeader: [] }, { BearerToken: [] }]);
  });

  it('has an example that works', async () => {
    const { body: document } = await get('/docs-json');
    const account = await makeAccount(service);
    const { content } = document.paths['/api/customers/{id}'].patch.requestBody;
    for (const { value } of Object.values<any>(content['application/json'].examples)) {
      const { id } = await account.makeCustomer();
      const { status, body } = await account.patch(id, value);
      expect(status).toBe(200);
      expect(Object.keys(body)).toEqual(document.components.schemas.CustomerDto.required);
    }
  });

  it('has the version of the package, and the server that is configured', async () => {
    const { body } = await get('/docs-json');
    expect(body.info.version).toBe(VERSION);
    expect(body.servers).toEqual([{ url: '/', description: 'This server' }]);
    const behindProxy = await startService({ publicUrl: 'https://example.com/crm/' });
    const document = await request('GET', `${behindProxy.url}/docs-json`);
    expect(document.body.servers[0].url).toBe('https://example.com/crm');
    expect(document.body.info.description).toContain('(/crm/problems)');
    const front = await fetch(behindProxy.url, { headers: { accept: 'text/html' }, redirect: 'manual' });
    expect([front.status, front.headers.get('location')]).toEqual([302, '/crm/docs']);
    await behindProxy.app.close();
  });

  it('names paths with the prefix that a proxy puts before them', async () => {
    const behindProxy = await startService({ publicUrl: 'https://example.com/crm/' });
    const account = await makeAccount(behindProxy, { scopes: [...SCOPES] });
    const person = { first_name: 'Jane', last_name: 'Doe', email: uniqueEmail() };
    const created = await account.call('POST', '/api/customers', { body: person });
    expect(created.headers.get('location')).toBe(`/crm/api/customers/${created.body.id}`);
    const key = await account.call('POST', '/api/api-keys', { body: { name: 'CRM' } });
    expect(key.headers.get('location')).toBe(`/crm/api/api-keys/${key.body.id}`);
    const webhook = await account.call('POST', '/api/webhooks', { body: { url: 'https://example.com/' } });
    expect(webhook.headers.get('location')).toBe(`/crm/api/webhooks/${webhook.body.id}`);

    const headers = { accept: 'application/problem+json' };
    const typeOf = async (answer: Promise<Answer>) => (await answer).body.type;
    expect(await typeOf(account.call('GET', '/nowhere', { headers }))).toBe('/crm/problems/not-found');
    expect(await typeOf(account.call('GET', '/%zz', { headers }))).toBe('/crm/problems/bad-request');
    expect(await typeOf(account.call('POST', '/api/customers', { headers, body: person }))).toBe(
      '/crm/problems/email-conflict',
    );
    const broken = await sendRaw(
      behindProxy.port,
      `GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nAccept: ${headers.accept}\r\n\r\n`,
    );
    expect(parseRaw(broken).body.type).toBe('/crm/problems/expectation-failed');

    const { body: document } = await request('GET', `${behindProxy.url}/docs-json`);
    expect(document.paths['/api/customers']).toBeDefined();
    const { 201: answer, 409: conflict } = document.paths['/api/customers'].post.responses;
    expect(answer.headers.Location.example).toMatch(/^\/crm\/api\/customers\//);
    expect(conflict.content['application/problem+json'].example.type).toBe('/crm/problems/email-conflict');
    const { body: page } = await request('GET', `${behindProxy.url}/problems/not-found`);
    expect(page).toContain('<code>/crm/problems/not-found</code>');
    await behindProxy.app.close();
  });

  it('has nothing in optional parameters that a page would fill into its samples', async () => {
    const { body } = await get('/docs-json');
    const parameters = Object.values<object>(body.paths).flatMap((methods) =>
      Object.values<any>(methods).flatMap(({ parameters = [] }) => parameters),
    );
    const optional = parameters.filter(({ required }) => !required);
    expect(optional.length).toBeGreaterThan(20);
    for (const { name, example, examples, schema, description } of optional) {
      const found = { name, example, examples, ofSchema: [schema.example, schema.examples, schema.default] };
      expect(found).toEqual({ name, ofSchema: [undefined, undefined, undefined] });
      expect([name, description]).toEqual([name, expect.stringMatching(/ (Example|Default): `[^`]+`$/)]);
    }
  });

  it.each(['/docs-json', '/docs-yaml'])('has %s cached and compressed', async (path) => {
    const plain = await fetch(service.url + path, { headers: { 'accept-encoding': 'identity' } });
    const text = await plain.text();
    expect(plain.headers.get('content-encoding')).toBeNull();
    for (const encoding of ['br', 'gzip']) {
      const { headers, body } = await request('GET', service.url + path, { headers: { 'accept-encoding': encoding } });
      expect(headers.get('content-encoding')).toBe(encoding);
      expect(Number(headers.get('content-length'))).toBeLessThan(text.length / 4);
      expect(headers.get('vary')).toBe('accept-encoding');
      expect(headers.get('cache-control')).toBe('public, max-age=0, must-revalidate');
      expect(headers.get('etag')).toBe(plain.headers.get('etag'));
      expect(body).toEqual(path === '/docs-json' ? JSON.parse(text) : text);
    }
    const fields = `Host: x\r\nConnection: close\r\nIf-None-Match: ${plain.headers.get('etag')}`;
    const known = await sendRaw(service.port, `GET ${path} HTTP/1.1\r\n${fields}\r\n\r\n`);
    expect(known).toMatch(/^HTTP\/1\.1 304 /);
    expect(known).toMatch(/\r\n\r\n$/);
  });

  it.each(['/docs', '/reference', '/problems', '/problems/conflict'])(
    'has the page %s with a slash at its end, too, and links that hold',
    async (path) => {
      for (const url of [path, `${path}/`]) {
        const { status, body } = await get(url);
        expect([url, status]).toEqual([url, 200]);
        const links = [...body.matchAll(/href="(\.[^"]+)"/g)].map(([, link]) => new URL(link ?? '', service.url + url));
        expect(links.length).toBeGreaterThanOrEqual(path === '/reference' ? 0 : 1);
        for (const link of links) expect([String(link), (await fetch(link)).status]).toEqual([String(link), 200]);
      }
    },
  );

  it('is where a browser is sent that asks for the root, and nobody else', async () => {
    const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
    const { status, headers } = await fetch(service.url, { headers: browser, redirect: 'manual' });
    expect([status, headers.get('location'), headers.get('vary')]).toEqual([302, '/docs', 'accept']);
    expect((await get('/')).status).toBe(404);
    for (const method of ['POST', 'PUT']) {
      const answer = await request(method, service.url, { headers: browser });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
      expect(answer.body.message).toBe(`Method ${method} is not allowed for /`);
    }
  });

  it.each(['br', 'gzip', 'identity'])('has its files cached and sends them as %s', async (encoding) => {
    const headers = { 'accept-encoding': encoding };
    const path = `${service.url}/docs/assets/swagger-ui-bundle.js`;
    const file = await fetch(path, { headers });
    expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(1e6);
    expect(file.headers.get('content-encoding')).toBe(encoding === 'identity' ? null : encoding);
    expect(file.headers.get('content-type')).toMatch(/javascript/);
    expect(file.headers.get('cache-control')).toBe('public, max-age=3600');
    expect(file.headers.get('vary')).toBe('accept-encoding');
    const etag = file.headers.get('etag') ?? '';
    // As bytes: fetch would ask with `Cache-Control: no-cache`.
    const fields = `Host: x\r\nConnection: close\r\nAccept-Encoding: ${encoding}\r\nIf-None-Match: ${etag}`;
    const known = await sendRaw(service.port, `GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\n${fields}\r\n\r\n`);
    expect(known).toMatch(/^HTTP\/1\.1 304 /);
  });

  it('leaves what the API answers uncompressed: its length must not depend on what else is in it', async () => {
    const { key } = await makeAccount(service);
    const answer = await request('GET', `${service.url}/api/me`, { key, headers: { 'accept-encoding': 'br, gzip' } });
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});
