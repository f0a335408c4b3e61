import { DataSource } from 'typeorm';
import { migrate } from '../src/database/migrate';
import { makeAccount } from './support/factories';
import { request } from './support/http';
import { parseRaw, sendRaw } from './support/raw';
import { databaseUrl, startService, useService } from './support/service';

const PROBLEM = { headers: { accept: 'application/problem+json' } };

describe('Errors', () => {
  const service = useService({ requestTimeoutMs: 500 });
  const url = (path: string) => `${service.url}${path}`;

  async function customerPath() {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    return { account, id, path: `/api/customers/${id}` };
  }

  describe('of routing', () => {
    it.each([
      ['PATCH', '/api/x?query=1', '/api/x'],
      ['GET', '/', '/'],
      ['POST', '/api', '/api'],
      ['PATCH', '/api/customers/', '/api/customers/'],
      ['PATCH', '/api/customers/a/b', '/api/customers/a/b'],
      ['GET', '/API/customers/a', '/API/customers/a'],
    ])('%s %s is no route', async (method, path, shown) => {
      const { status, body } = await request(method, url(path));
      expect([status, body]).toEqual([404, { error: 'Not Found', message: `Route ${method}:${shown} not found` }]);
    });

    it.each(['PUT', 'POST', 'TRACE', 'PROPFIND', 'MKCOL'])(
      '%s is not allowed where only others are',
      async (method) => {
        const answer = parseRaw(
          await sendRaw(service.port, `${method} /api/customers/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
        );
        expect(answer.status).toBe(405);
        expect(answer.headers.allow?.split(', ')).toContain('PATCH');
        const message = `Method ${method} is not allowed for /api/customers/{id}`;
        expect(answer.body).toEqual({ error: 'Method Not Allowed', message });
      },
    );

    it('OPTIONS needs no key and tells the methods and patch formats', async () => {
      const { status, headers, body } = await request('OPTIONS', url('/api/customers/1'));
      expect([status, body]).toEqual([204, '']);
      expect(headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(['PATCH', 'OPTIONS']));
      expect(headers.get('accept-patch')).toBe('application/json, application/merge-patch+json');
    });

    it.each(['/api/customers/%zz', '/api/customers/%', '/%c3%28'])('%s is no valid path', async (path) => {
      const answer = parseRaw(
        await sendRaw(service.port, `PATCH ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
      );
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({ error: 'Bad Request', message: 'Path is not a valid URL component' });
      expect(answer.headers['x-request-id']).toBeTruthy();
    });
  });

  describe('of the body', () => {
    it.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      'application/json; charset=latin1',
      'nonsense',
    ])('refuses %s', async (type) => {
      const { account, id } = await customerPath();
      const { status, headers, body } = await account.patch(id, '{}', { headers: { 'content-type': type } });
      expect([status, body]).toEqual([
        415,
        { error: 'Unsupported Media Type', message: `Unsupported Media Type: ${type}` },
      ]);
      expect(headers.get('accept-patch')).toBe('application/json, application/merge-patch+json');
    });

    it('refuses a body without a type', async () => {
      const { account, path } = await customerPath();
      const head = `PATCH ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${account.key}\r\nConnection: close\r\nContent-Length: 2`;
      const { status, body } = parseRaw(await sendRaw(service.port, `${head}\r\n\r\n{}`));
      expect([status, body]).toEqual([415, { error: 'Unsupported Media Type', message: 'Unsupported Media Type: ' }]);
    });

    it.each(['gzip', 'br', 'deflate, gzip'])('refuses the encoding %s', async (encoding) => {
      const { account, id } = await customerPath();
      const { status, body } = await account.patch(id, '{}', { headers: { 'content-encoding': encoding } });
      expect([status, body.message]).toEqual([415, `Unsupported Content-Encoding: ${encoding}`]);
    });

    it('takes 64 KiB and no more', async () => {
      const { account, id } = await customerPath();
      const sized = (bytes: number) => `{"first_name":"${'x'.repeat(bytes - 17)}"}`;
      const accepted = await account.patch(id, sized(65_536));
      expect(accepted.body.message).toBe('body/first_name must NOT have more than 100 characters');
      const { status, body } = await account.patch(id, sized(65_537));
      expect([status, body]).toEqual([413, { error: 'Payload Too Large', message: 'Request body is too large' }]);
    });

    it('takes no more than 64 KiB of a body of unknown length', async () => {
      const { account, path } = await customerPath();
      const head = `PATCH ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${account.key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
      expect(parseRaw(await sendRaw(service.port, head + chunk.repeat(6)))).toMatchObject({
        status: 413,
        body: { error: 'Payload Too Large', message: 'Request body is too large' },
      });
    });
  });

  describe('of HTTP itself', () => {
    const line = 'PATCH /api/customers/1 HTTP/1.1\r\n';
    it.each([
      ['garbage', '\x16\x03\x01 garbage\r\n\r\n', 400, 'Malformed HTTP request'],
      ['no Host', `${line}\r\n`, 400, 'Malformed HTTP request'],
      ['two Hosts', `${line}Host: a\r\nhost: b\r\n\r\n`, 400, 'Malformed HTTP request'],
      [
        'a length and chunks',
        `${line}Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
        400,
        'Malformed HTTP request',
      ],
      [
        'two lengths',
        `${line}Host: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
        400,
        'Malformed HTTP request',
      ],
      ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'Malformed HTTP request'],
      [
        '20 kB of headers',
        `${line}Host: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
        431,
        'Request header fields are too large',
      ],
      [
        'a URL of 20 kB',
        `PATCH /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
        431,
        'Request header fields are too large',
      ],
      [
        'Expect',
        `${line}Host: a\r\nExpect: a miracle\r\nConnection: close\r\n\r\n`,
        417,
        'Expectation is not supported',
      ],
    ])('answers %s', async (_, bytes, status, message) => {
      const answer = parseRaw(await sendRaw(service.port, bytes));
      expect(answer).toMatchObject({ status, body: { message } });
      expect(Object.keys(answer.body)).toEqual(['error', 'message']);
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    });

    it('continues after Expect: 100-continue', async () => {
      const { account, path } = await customerPath();
      const head = `PATCH ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${account.key}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`;
      expect(await sendRaw(service.port, head)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 Bad Request/);
    });

    it.each([
      ['headers', `${line}Host: a\r\n`],
      ['a body', `${line}Host: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`],
    ])('gives up on %s that do not arrive', async (_, bytes) => {
      const { status, body } = parseRaw(await sendRaw(service.port, bytes));
      expect([status, body]).toEqual([408, { error: 'Request Timeout', message: 'Request took too long to arrive' }]);
    });
  });

  describe('as problem documents', () => {
    it('describe a missing customer', async () => {
      const { account } = await customerPath();
      const { status, headers, body } = await account.patch(
        '550e8400-e29b-41d4-a716-446655440000',
        { first_name: 'J' },
        PROBLEM,
      );
      expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json']);
      expect(body).toEqual({
        type: '/problems/not-found',
        title: 'Not Found',
        status: 404,
        detail: 'Customer not found',
        instance: headers.get('x-request-id'),
      });
    });

    it('name the member of a conflict', async () => {
      const { account, id } = await customerPath();
      const { email } = await account.makeCustomer();
      const { body } = await account.patch(id, { email }, PROBLEM);
      expect(body).toMatchObject({ type: '/problems/email-conflict', title: 'Conflict', status: 409, field: 'email' });
    });

    it('list every violation', async () => {
      const { account, id } = await customerPath();
      const sent = {
        frist_name: 'x',
        id: 'x',
        first_name: '',
        email: 'a@b',
        language: 'fr',
        address_data: { 'zip~/': 1, city: 5 },
      };
      const { status, body } = await account.patch(id, sent, PROBLEM);
      expect([status, body.detail]).toEqual([400, 'body must NOT have additional properties']);
      expect(body.errors.map(({ message: _, ...rest }: { message: string }) => rest)).toEqual([
        { pointer: '/frist_name', code: 'additional_property', suggestion: 'first_name' },
        { pointer: '/id', code: 'additional_property' },
        { pointer: '/first_name', code: 'min_length', limit: 1 },
        { pointer: '/first_name', code: 'pattern' },
        { pointer: '/email', code: 'format' },
        { pointer: '/language', code: 'enum', allowed: ['en', 'de', null] },
        { pointer: '/address_data/zip~0~1', code: 'additional_property' },
        { pointer: '/address_data/city', code: 'type' },
      ]);
      for (const { message } of body.errors) expect(message).toMatch(/^body(\/\S+)? must /);
    });

    it.each([
      [{ first_name: 'x'.repeat(101) }, { pointer: '/first_name', code: 'max_length', limit: 100 }],
      [{}, { pointer: '', code: 'min_properties', limit: 1 }],
      [[], { pointer: '', code: 'type' }],
      ['{', { pointer: '', code: 'syntax' }],
    ])('give the code of the violation in %j', async (sent, violation) => {
      const { account, id } = await customerPath();
      const { body } = await account.patch(id, sent, PROBLEM);
      expect(body.errors).toEqual([{ ...violation, message: body.detail }]);
    });

    it.each([
      ['application/problem+json;q=0.5, */*', true],
      ['application/json, Application/Problem+JSON', true],
      ['application/problem+json;q=0', false],
      ['application/*', false],
      ['*/*', false],
      ['', false],
    ])('are for clients that accept them: %s', async (accept, expected) => {
      const { headers } = await request('GET', url('/nowhere'), { headers: { accept } });
      expect(headers.get('content-type')).toBe(
        expected ? 'application/problem+json' : 'application/json; charset=utf-8',
      );
      expect(headers.get('vary')).toBe('accept');
    });

    it('serve for what Fastify refuses by itself, too', async () => {
      const { account, id } = await customerPath();
      const large = await account.patch(id, 'x'.repeat(70_000), PROBLEM);
      expect(large.body).toMatchObject({ type: '/problems/payload-too-large', status: 413 });
      const notAllowed = await request('PUT', url(`/api/customers/${id}`), PROBLEM);
      expect(notAllowed.body).toMatchObject({ type: '/problems/method-not-allowed', status: 405 });
      const badPath = await request('GET', url('/%zz'), PROBLEM);
      expect(badPath.body).toMatchObject({ type: '/problems/bad-request', status: 400 });
    });
  });

  describe('of the unexpected', () => {
    it('say nothing of their cause', async () => {
      const { account, id } = await customerPath();
      await account.sql(`
        CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'a secret of the database'; END $$`);
      const trigger = `fail_${id.replaceAll('-', '')}`;
      await account.sql(
        `CREATE TRIGGER ${trigger} BEFORE UPDATE ON customers FOR EACH ROW WHEN (OLD.id = '${id}') EXECUTE FUNCTION fail()`,
      );
      try {
        const { status, headers, body } = await account.patch(id, { first_name: 'Jane' });
        expect([status, body]).toEqual([
          500,
          { error: 'Internal Server Error', message: 'An unexpected error occurred' },
        ]);
        expect(headers.get('etag')).toBeNull();
        const problem = await account.patch(id, { first_name: 'Jane' }, PROBLEM);
        expect(problem.body).toEqual({
          type: '/problems/internal-server-error',
          title: 'Internal Server Error',
          status: 500,
          detail: 'An unexpected error occurred',
          instance: problem.headers.get('x-request-id'),
        });
      } finally {
        await account.sql(`DROP TRIGGER ${trigger} ON customers`);
      }
    });
  });

  describe('of an unavailable database', () => {
    it('ask to come back, while the database is gone, and are over when it is back', async () => {
      const account = await makeAccount(service);
      const name = `gone_${Date.now()}`;
      await account.sql(`CREATE DATABASE ${name} TEMPLATE template0`);
      const database = new URL(databaseUrl());
      database.pathname = name;
      await migrate(database.href);
      const other = await startService({ databaseUrl: database.href });
      try {
        const tenant = await makeAccount(other);
        const { id } = await tenant.makeCustomer();
        await account.sql(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
        await account.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [name]);
        for (let i = 0; i < 10; i++) {
          const { status, headers, body } = await tenant.patch(id, { first_name: `Jane ${i}` });
          expect([status, body]).toEqual([
            503,
            { error: 'Service Unavailable', message: 'Service temporarily unavailable' },
          ]);
          expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        }
        expect((await request('GET', `${other.url}/health/ready`)).status).toBe(503);
        expect((await request('GET', `${other.url}/health/live`)).status).toBe(200);
        await account.sql(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
        expect((await tenant.patch(id, { first_name: 'Back' })).status).toBe(200);
        expect((await request('GET', `${other.url}/health/ready`)).status).toBe(200);
      } finally {
        await other.app.close();
        await account.sql(`DROP DATABASE ${name} WITH (FORCE)`);
      }
    });

    it('come when a row stays locked', async () => {
      const { account, id } = await customerPath();
      const runner = service.app.get(DataSource).createQueryRunner();
      await runner.startTransaction();
      try {
        await runner.query('SELECT 1 FROM customers WHERE id = $1 FOR UPDATE', [id]);
        const { status, headers } = await account.patch(id, { first_name: 'Jane' });
        expect([status, headers.get('retry-after')]).toEqual([503, '1']);
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
      expect((await account.patch(id, { first_name: 'Jane' })).status).toBe(200);
    });
  });

  describe('X-Request-Id', () => {
    it.each(['a', 'A-1_b.c', 'x'.repeat(128)])('keeps %s', async (id) => {
      const { headers } = await request('GET', url('/health/live'), { headers: { 'x-request-id': id } });
      expect(headers.get('x-request-id')).toBe(id);
    });

    it.each(['', 'a b', 'x'.repeat(129), 'é', 'a,b'])('replaces %j', async (id) => {
      const { headers } = await request('GET', url('/nowhere'), { headers: { 'x-request-id': id } });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    });
  });
});
