import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateKey } from '../../src/api-keys/secret-format';
import { type Account, makeAccount } from '../support/factories';
import { request } from '../support/http';
import { parseRaw, readAll, sendRaw } from '../support/raw';
import { startService, useService } from '../support/service';

const NO_KEY = 'API key is required. Provide it via X-API-Key header or Authorization Bearer token.';
const MEBIBYTE = 1024 * 1024;
const UUID = '550e8400-e29b-41d4-a716-446655440000';

describe('A body that nobody has to read', () => {
  const service = useService({ answerTimeoutMs: 500 });
  let account: Account;

  beforeAll(async () => {
    account = await makeAccount(service);
  });

  interface Sent {
    method?: string;
    path?: string;
    key?: string;
    headers?: string;
    body?: string;
  }

  /** A request with a body of which only the beginning, if anything, is sent. */
  function begin({ method = 'PATCH', path = `/api/customers/${UUID}`, key, headers, body = '' }: Sent): string {
    const keyLine = key === undefined ? '' : `X-API-Key: ${key}\r\n`;
    const others = headers ?? 'Content-Type: application/json\r\nContent-Length: 1000\r\n';
    return `${method} ${path} HTTP/1.1\r\nHost: x\r\n${keyLine}${others}\r\n${body}`;
  }

  it.each<[string, number, string, () => Sent | Promise<Sent>]>([
    ['an unknown route', 404, 'Route PATCH:/api/x not found', () => ({ path: '/api/x' })],
    [
      'an unknown method',
      405,
      'Method PUT is not allowed for /api/customers/{id}',
      () => ({ method: 'PUT', path: `/api/customers/${UUID}` }),
    ],
    [
      'another type',
      415,
      'Unsupported Media Type: text/plain',
      () => ({ headers: 'Content-Type: text/plain\r\nContent-Length: 9\r\n' }),
    ],
    [
      'another encoding',
      415,
      'Unsupported Content-Encoding: gzip',
      () => ({ headers: 'Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n' }),
    ],
    [
      'a length that is too great',
      413,
      'Request body is too large',
      () => ({ headers: 'Content-Type: application/json\r\nContent-Length: 65537\r\n' }),
    ],
    ['no key', 401, NO_KEY, () => ({})],
    [
      'no key and chunks',
      401,
      NO_KEY,
      () => ({ headers: 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n' }),
    ],
    ['an unknown key', 401, 'Invalid API key', () => ({ key: generateKey() })],
    [
      'a missing scope',
      403,
      'API key does not have the customers:write scope',
      async () => ({ key: (await account.makeKey({ scopes: ['customers:read'] })).key }),
    ],
    ['a bad path', 400, 'params/id must match format "uuid"', () => ({ path: '/api/customers/1', key: account.key })],
    [
      'a bad query',
      400,
      'querystring must NOT have additional properties',
      () => ({ path: `/api/customers/${UUID}?x=1`, key: account.key }),
    ],
    [
      'a bad header',
      400,
      'headers/idempotency-key must match pattern "^[ -~]{1,255}$"',
      () => ({
        key: account.key,
        headers: 'Idempotency-Key: "\r\nContent-Type: application/json\r\nContent-Length: 9\r\n'.replace('"', 'é'),
      }),
    ],
  ])('is not waited for after %s', async (_, status, message, sent) => {
    const socket = connect({ port: service.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(begin(await sent()));
    const text = readAll(socket);
    await once(socket, 'end');
    socket.end();
    const answer = parseRaw(await text);
    expect([answer.status, answer.body.message]).toEqual([status, message]);
    expect(answer.headers.connection).toBe('close');
  });

  it('is not waited for by a route that takes none', async () => {
    const text = await sendRaw(service.port, begin({ path: '/api/customers', method: 'GET', key: account.key }));
    expect(parseRaw(text)).toMatchObject({ status: 200, headers: { connection: 'close' } });
  });

  it('is not waited for past the rate limit', async () => {
    const strict = await startService({ rateLimitPerMinute: 1 });
    const sent = begin({ key: account.key });
    await request('GET', `${strict.url}/api/me`, { key: account.key });
    expect(parseRaw(await sendRaw(strict.port, sent))).toMatchObject({ status: 429, headers: { connection: 'close' } });
    await strict.app.close();
  });

  it('leaves the connection open when it has come with the head', async () => {
    const short = 'Content-Type: application/json\r\nContent-Length: 2\r\n';
    const refused = begin({ headers: short, body: '{}' });
    const unknown = begin({ path: '/api/x', headers: short, body: '{}' });
    const last = 'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const text = await sendRaw(service.port, refused + unknown + last);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401', 'HTTP/1.1 404', 'HTTP/1.1 200']);
  });

  it('may be sent to its end by a client that reads the answer only then', async () => {
    const socket = connect({ port: service.port, host: '127.0.0.1' });
    const headers = `Content-Type: application/json\r\nContent-Length: ${MEBIBYTE}\r\n`;
    socket.write(begin({ path: '/api/customers', headers }));
    for (let sent = 0; sent < MEBIBYTE; sent += MEBIBYTE / 16) {
      socket.write('x'.repeat(MEBIBYTE / 16));
      await sleep(10);
    }
    const errors: Error[] = [];
    socket.on('error', (error) => errors.push(error));
    expect(parseRaw(await readAll(socket))).toMatchObject({ status: 401, body: { message: NO_KEY } });
    expect(errors).toEqual([]);
  });

  it('hides no request that would be carried out after the connection has had its last answer', async () => {
    const { id } = await account.makeCustomer();
    const change = '{"company_name":"Late"}';
    const headers = `Content-Type: application/json\r\nContent-Length: ${change.length}\r\n`;
    const socket = connect({ port: service.port, host: '127.0.0.1', allowHalfOpen: true });
    const text = readAll(socket);
    socket.write(begin({ body: 'x' }));
    await once(socket, 'end');
    socket.end('x'.repeat(999) + begin({ path: `/api/customers/${id}`, key: account.key, headers, body: change }));
    expect((await text).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401']);
    await sleep(200);
    expect(await account.row(id)).toMatchObject({ company_name: null, version: 1 });
  });

  it('is not asked for with 100 Continue before the key is known to be good', async () => {
    const headers = 'Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 2\r\n';
    const refused = await sendRaw(service.port, begin({ key: generateKey(), headers }));
    expect(refused).toMatch(/^HTTP\/1\.1 401 /);
    const close = `Connection: close\r\n${headers}`;
    const welcome = await sendRaw(service.port, begin({ key: account.key, headers: close, body: '{}' }));
    expect(welcome).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /);
  });

  it('has its own time to arrive, which is no part of the time for the answer', async () => {
    const { id } = await account.makeCustomer();
    const change = '{"company_name":"Slow"}';
    const headers = `Connection: close\r\nContent-Type: application/json\r\nContent-Length: ${change.length}\r\n`;
    const socket = connect({ port: service.port, host: '127.0.0.1' });
    const text = readAll(socket);
    socket.write(begin({ path: `/api/customers/${id}`, key: account.key, headers }));
    for (const letter of change) {
      await sleep(50);
      socket.write(letter);
    }
    expect(parseRaw(await text)).toMatchObject({ status: 200, body: { company_name: 'Slow' } });
  });
});
