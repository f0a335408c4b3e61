import { makeAccount } from './support/factories';
import { request } from './support/http';
import { parseRaw, sendRaw } from './support/raw';
import { useService } from './support/service';

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

  it('thousands of unknown members', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const sent = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`m${i}`, i]));
    const { status, body } = await account.patch(id, sent, { headers: { accept: 'application/problem+json' } });
    expect([status, body.errors.length]).toEqual([400, 5000]);
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
    `/api/customers/..%2f..%2fetc%2fpasswd`,
    `/api/customers/%00`,
    `/api/customers/' OR 1=1`,
    '/api/customers/%F0%9F%92%A9',
    '/docs/../../package.json',
    '/docs/%2e%2e/%2e%2e/package.json',
  ])('the path %s', async (path) => {
    const account = await makeAccount(service);
    const { status, body } = await request('PATCH', service.url + encodeURI(decodeURI(path)), {
      key: account.key,
      body: {},
    });
    expect([400, 404, 405]).toContain(status);
    expect(Object.keys(body)).toEqual(['error', 'message']);
  });

  it('control characters in headers never come back as headers', async () => {
    const head = 'PATCH /api/customers/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
    const answer = parseRaw(await sendRaw(service.port, `${head}X-Request-Id: a\x01b\r\n\r\n`));
    expect(answer.status).toBe(400);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('pipelined requests of which one is broken', async () => {
    const fine = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
    const text = await sendRaw(service.port, `${fine}${fine}GARBAGE\r\n\r\n`);
    expect(text).not.toContain('500 Internal');
    expect(text.startsWith('HTTP/1.1')).toBe(true);
    expect((await request('GET', `${service.url}/health/live`)).status).toBe(200);
  });
});
