import { type Account, makeAccount } from '../support/factories';
import { parseRaw, sendRaw } from '../support/raw';
import { useService } from '../support/service';

const BODY = '{"company_name":"Smuggled"}';
const CHUNKED = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
const LENGTH = `Content-Length: ${BODY.length}\r\n`;

/** What a request hides; were it ever read as one, its 404 would be a second answer. */
const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n';

/** Tricks that make no difference: head lines of a GET that is answered as if they were not there. */
const HARMLESS: Record<string, string> = {
  'forwarded by whomever': 'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: evil\r\nForwarded: for=1.2.3.4\r\n',
  'another URL': 'X-Original-URL: /api/customers\r\nX-Rewrite-URL: /api/customers\r\n',
  'another method': 'X-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\nX-Method-Override: DELETE\r\n',
  'an upgrade to HTTP/2': 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
  'an upgrade to a WebSocket': 'Upgrade: websocket\r\n',
  'names of a prototype': '__proto__: x\r\nconstructor: y\r\n',
  'two request ids': 'X-Request-Id: a\r\nX-Request-Id: b\r\n',
};

describe('The head of a request', () => {
  const service = useService();
  let account: Account;
  let id: string;

  beforeAll(async () => {
    account = await makeAccount(service);
    ({ id } = await account.makeCustomer());
  });

  /** Sends a request as bytes, with the account's key, and returns the only answer. */
  async function only(requestLine: string, headers: string, body = '') {
    const head = `${requestLine} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`;
    const text = await sendRaw(service.port, Buffer.from(head + body, 'latin1'));
    expect(text.match(/HTTP\/1\.1 \d+/g)).toHaveLength(1);
    return parseRaw(text);
  }

  const get = (headers: string, target = '/api/me') => only(`GET ${target}`, `X-API-Key: ${account.key}\r\n${headers}`);
  const patch = (headers: string, body: string) =>
    only(
      `PATCH /api/customers/${id}`,
      `Host: x\r\nX-API-Key: ${account.key}\r\nContent-Type: application/json\r\n${headers}`,
      body,
    );

  it.each([
    'Host: a\r\nHost: b\r\n',
    'Host: a\r\nHost: a\r\n',
    'Host: a, b\r\n',
    'Host: user@evil\r\n',
    'Host: a:b\r\n',
    'Host: a/b?c\r\n',
    'Host: a b\r\n',
    'Host: \xe9\r\n',
    'Host: [::1\r\n',
    'Host: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n',
    'Host: x\r\nContent-Type: application/json\r\ncontent-type: text/plain\r\n',
    'Host: x\r\nX-A: b\r\n c\r\n',
    'Host: x\r\nX-A : b\r\n',
    'Host: x\r\nX-A: b\nX-B: c\r\n',
    'Host: x\r\nX-A: b\rX-B: c\r\n',
    'Host: x\r\nX-A: b\0c\r\n',
    ' X-A: b\r\nHost: x\r\n',
    'Host\r\n',
  ])('is refused with %j', async (headers) => {
    const { status, body, headers: answered } = await get(headers);
    expect([status, body]).toEqual([400, { error: 'Bad Request', message: 'Malformed HTTP request' }]);
    expect(answered).toMatchObject({ connection: 'close' });
  });

  it.each(['', 'x', 'x:', 'x:99999', 'a_b.example:80', '127.0.0.1', '[::1]:3000', 'xn--e1afmkfd.example', '%41'])(
    'may name the host %j',
    async (host) => {
      expect((await get(`Host: ${host}\r\n`)).status).toBe(200);
    },
  );

  it.each([
    `${LENGTH}Transfer-Encoding: chunked\r\n`,
    `Transfer-Encoding: chunked\r\n${LENGTH}`,
    `Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n`,
    'Transfer-Encoding: chunked, identity\r\n',
    'Transfer-Encoding: identity, chunked\r\n',
    'Transfer-Encoding: gzip, chunked\r\n',
    'Transfer-Encoding: x, chunked\r\n',
    'Transfer-Encoding: xchunked\r\n',
    'Transfer-Encoding: "chunked"\r\n',
    'Transfer-Encoding: \x0bchunked\r\n',
    'Transfer-Encoding:\r\n chunked\r\n',
    'Transfer-Encoding : chunked\r\n',
    `${LENGTH}${LENGTH}`,
    `${LENGTH}Content-Length: 3\r\n`,
    `Content-Length: ${BODY.length}, ${BODY.length}\r\n`,
    `Content-Length: +${BODY.length}\r\n`,
    'Content-Length: -1\r\n',
    'Content-Length: 0x1b\r\n',
    'Content-Length: 99999999999999999999999\r\n',
    'Content-Length:\r\n',
  ])('is refused where %j leaves the length of the body to opinion', async (headers) => {
    for (const body of [CHUNKED + HIDDEN, BODY + HIDDEN]) {
      expect(await patch(headers, body)).toMatchObject({ status: 400, body: { message: 'Malformed HTTP request' } });
    }
    expect(await account.row(id)).toMatchObject({ company_name: null, version: 1 });
  });

  it.each(['1b\n', '0x1b\r\n', '1b \r\n', '-1b\r\n', 'FFFFFFFFFFFFFFFFF\r\n', '1c\r\n'])(
    'is refused with a chunk of the size %j',
    async (size) => {
      const sent = `${size}${BODY}\r\n0\r\n\r\n${HIDDEN}`;
      expect(await patch('Transfer-Encoding: chunked\r\n', sent)).toMatchObject({ status: 400 });
      expect(await account.row(id)).toMatchObject({ company_name: null, version: 1 });
    },
  );

  it('of HTTP/1.0 has no transfer coding', async () => {
    const head = `PATCH /api/customers/${id} HTTP/1.0\r\nX-API-Key: ${account.key}\r\n`;
    const sent = `${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED}`;
    expect(parseRaw(await sendRaw(service.port, sent))).toMatchObject({ status: 400 });
    expect(await account.row(id)).toMatchObject({ company_name: null, version: 1 });
  });

  it('shows a key by no second line and by no trailer', async () => {
    const repeated = await get(`Host: x\r\nX-API-Key: ${account.key}\r\n`);
    expect(repeated).toMatchObject({ status: 401, body: { message: 'Invalid API key' } });
    const trailer = `${CHUNKED.slice(0, -2)}X-API-Key: ${account.key}\r\n\r\n`;
    const headers = 'Host: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-API-Key\r\n';
    expect(await only(`PATCH /api/customers/${id}`, headers, trailer)).toMatchObject({ status: 401 });
  });

  it('has one list of what it repeats', async () => {
    const versions = await patch(`If-Match: "8"\r\nIf-Match: "9"\r\n${LENGTH}`, BODY);
    expect(versions).toMatchObject({ status: 412, body: { message: 'Customer has changed: current version is 1' } });
    const encodings = await patch(`Content-Encoding: identity\r\nContent-Encoding: gzip\r\n${LENGTH}`, BODY);
    expect(encodings.status).toBe(415);
  });

  it('keeps what follows a body of a GET apart from it', async () => {
    const first = `GET /api/me HTTP/1.1\r\nHost: x\r\nX-API-Key: ${account.key}\r\n`;
    const last = 'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const bodies = [
      `Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
      `Transfer-Encoding: chunked\r\n\r\n${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
    ];
    for (const body of bodies) {
      const text = await sendRaw(service.port, first + body + last);
      expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    }
  });

  it.each(Object.entries(HARMLESS))('may hold %s', async (_, headers) => {
    const plain = await get('Host: x\r\n');
    const { status, body, headers: answered } = await get(`Host: x\r\n${headers}`);
    expect({ status, body }).toEqual({ status: 200, body: plain.body });
    expect(answered['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(Object.keys(answered)).toEqual(Object.keys(plain.headers));
  });

  it('names a host in its target to no effect', async () => {
    for (const target of ['http://evil.example/api/me', 'https://u:p@evil/api/me']) {
      expect((await get('Host: x\r\n', target)).status).toBe(200);
    }
    for (const target of ['//evil/api/me', 'ftp://evil/api/me', '*']) {
      expect((await get('Host: x\r\n', target)).status).toBe(404);
    }
  });

  it.each([
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'get / HTTP/1.1\r\n\r\n',
    'FOO / HTTP/1.1\r\n\r\n',
    '\x16\x03\x01\0\xa5',
  ])('is of HTTP: %j', async (bytes) => {
    const { status, body } = parseRaw(await sendRaw(service.port, Buffer.from(bytes, 'latin1')));
    expect([status, body]).toEqual([400, { error: 'Bad Request', message: 'Malformed HTTP request' }]);
  });
});
