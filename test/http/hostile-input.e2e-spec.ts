import { randomUUID } from 'node:crypto';
import { makeAccount } from '../support/factories';
import { parseRaw, sendRaw } from '../support/raw';
import { useService } from '../support/service';

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

describe('Hostile input', () => {
  const service = useService();

  it.each([
    ['arrays at a member', `{"first_name": ${nested(5000, '[', ']')}}`, 'body/first_name must be string'],
    [
      'objects at a member',
      `{"address_data": ${nested(5000, '{"city":', '}').replace('}', '1}')}}`,
      'body/address_data/city must be string,null',
    ],
    ['arrays at an unknown member', `{"x": ${nested(5000, '[', ']')}}`, 'body must NOT have additional properties'],
    ['a body of 30,000 arrays', nested(30_000, '[', ']'), 'body must be object'],
    ['unclosed arrays', '['.repeat(60_000), "Body is not valid JSON but content-type is set to 'application/json'"],
  ])('5,000 levels deep: %s', async (_, sent, message) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, body } = await account.patch(id, sent);
    expect([status, body.message]).toEqual([400, message]);
  });

  it.each([
    ['thousands', 5000],
    ['more than any route takes', 40_000],
  ])('%s of unknown members: 100 are listed, the others counted', async (_, count) => {
    const account = await makeAccount(service);
    const sent = Object.fromEntries(Array.from({ length: count }, (_, i) => [`first_nam${i}`, i]));
    const problem = { headers: { accept: 'application/problem+json' } };
    const { status, body } = await account.call('PATCH', '/api/customers', {
      body: { ...sent, customers: 1 },
      ...problem,
    });
    expect([status, body.errors.length, body.errors_omitted]).toEqual([400, 100, count - 100 + 1]);
    expect(body.errors[7]).toEqual({
      pointer: '/first_nam7',
      code: 'additional_property',
      message: 'body must NOT have additional properties',
    });
    const items = [{ id: randomUUID(), ...sent }];
    const atomic = await account.call('PATCH', '/api/customers?atomic=true', {
      body: { customers: items },
      ...problem,
    });
    expect([atomic.status, atomic.body.errors.length, atomic.body.errors_omitted]).toEqual([400, 100, count - 100]);
    expect(atomic.body.errors[0]).toMatchObject({ pointer: '/customers/0/first_nam0', suggestion: 'first_name' });
    const plain = await account.call('PATCH', '/api/customers', { body: sent });
    expect([plain.status, Object.keys(plain.body)]).toEqual([400, ['error', 'message']]);
    expect(plain.body.message).toBe("body must have required property 'customers'");
  });

  it('a list of changes of which one has more members than any route takes', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const wide = { id: randomUUID(), ...Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`m${i}`, i])) };
    const body = { customers: [{ id, language: 'en' }, wide] };
    const headers = { 'idempotency-key': randomUUID() };
    const first = await account.call('PATCH', '/api/customers', { body, headers });
    expect(first.body.results.map(({ status }: { status: number }) => status)).toEqual([200, 400]);
    expect(first.body.results[1].message).toBe('body/customers/1 must NOT have additional properties');
    const again = await account.call('PATCH', '/api/customers', { body, headers });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    Object.assign(wide, { m19999: 0 });
    expect((await account.call('PATCH', '/api/customers', { body, headers })).status).toBe(422);
  });

  it.each<[string, string, string]>([
    ['objects', `[${'{},'.repeat(300_000)}{}]`, 'body must be object'],
    ['customers', `{"customers":[${'{},'.repeat(300_000)}{}]}`, 'body/customers must NOT have more than 100 items'],
    ['arrays', `{"customers":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'body/customers/0 must be object'],
    ['unclosed', '['.repeat(1_000_000), "Body is not valid JSON but content-type is set to 'application/json'"],
  ])('a mebibyte of small values: %s', async (_, sent, message) => {
    const account = await makeAccount(service);
    const { status, body } = await account.call('PATCH', '/api/customers', { body: sent });
    expect([status, body.message]).toEqual([400, message]);
  });

  it('an email made to exhaust a backtracking matcher', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    for (const email of [
      `${'a.'.repeat(30_000)}@`,
      `a@${'a-'.repeat(30_000)}!`,
      `a@${'a.'.repeat(30_000)}`,
      '@'.repeat(60_000),
    ]) {
      const { status, body } = await account.patch(id, { email });
      expect([status, body.message]).toEqual([400, 'body/email must NOT have more than 254 characters']);
    }
  });

  it('does not pollute a prototype', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const bodies = [
      '{"__proto__": {"polluted": "yes"}}',
      '{"constructor": {"prototype": {"polluted": "yes"}}}',
      '{"first_name": "Jane", "__proto__": {"status": "suspended"}}',
      '{"address_data": {"__proto__": {"city": "Bonn"}}}',
    ];
    for (const sent of bodies) expect((await account.patch(id, sent)).status).toBe(400);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(await account.row(id)).toMatchObject({ status: 'active', address_data: null, version: 1 });
  });

  it('statements in every text are only texts', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    for (const text of [
      "'; DROP TABLE customers; --",
      '$1',
      ':first_name',
      ':sellerId',
      '\\',
      '{{7*7}}',
      '%s%n',
      '\\u0027',
    ]) {
      const { status, body } = await account.patch(id, { first_name: text, address_data: { street: text } });
      expect(status).toBe(200);
      expect([body.first_name, body.address_data.street]).toEqual([text, text]);
    }
  });

  it.each([
    '/api/customers/..%2f..%2fetc%2fpasswd',
    '/api/customers/%00',
    "/api/customers/'%20OR%201=1",
    '/api/customers/%F0%9F%92%A9',
    '/docs/../../package.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/docs/..%5c..%5cpackage.json',
    '/docs/%00',
    '/docs/nothing.js',
    'http://x/nowhere?a=b',
  ])('the path %s', async (path) => {
    const text = await sendRaw(service.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const { status, body } = parseRaw(text);
    const isCustomer = path.startsWith('/api');
    const missing = `Route GET:${path.replace('http://x', '').replace('?a=b', '')} not found`;
    expect(status).toBe(isCustomer ? 401 : 404);
    expect(body).toEqual({ error: expect.any(String), message: isCustomer ? expect.any(String) : missing });
  });

  it('control characters in headers never come back as headers', async () => {
    const head = 'PATCH /api/customers/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
    const answer = parseRaw(await sendRaw(service.port, `${head}X-Request-Id: a\x01b\r\n\r\n`));
    expect(answer.status).toBe(400);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('more headers than Node keeps by default', async () => {
    const { key } = await makeAccount(service);
    const many = 'a:\r\n'.repeat(2100);
    const head = `GET /api/customers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${many}`;
    expect(parseRaw(await sendRaw(service.port, `${head}X-API-Key: ${key}\r\n\r\n`)).status).toBe(200);
    expect(parseRaw(await sendRaw(service.port, `${head}Host: y\r\n\r\n`)).status).toBe(400);
  });

  it('garbage after whole requests: those get their answers first', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const body = '{"first_name":"Jane"}';
    const patch =
      `PATCH /api/customers/${id} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${account.key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const live = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
    const text = await sendRaw(service.port, `${patch}${live}${live}GARBAGE\r\n\r\n`);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(await account.row(id)).toMatchObject({ first_name: 'Jane', version: 2 });
  });
});
