import { makeAccount } from '../support/factories';
import { parseRaw, sendRaw } from '../support/raw';
import { useService } from '../support/service';

describe('What is not quite HTTP', () => {
  const service = useService({ requestTimeoutMs: 500 });

  async function customer() {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    return { account, id, path: `/api/customers/${id}` };
  }

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
    ['Expect', `${line}Host: a\r\nExpect: a miracle\r\nConnection: close\r\n\r\n`, 417, 'Expectation is not supported'],
  ])('answers %s', async (_, bytes, status, message) => {
    const answer = parseRaw(await sendRaw(service.port, bytes));
    expect(answer).toMatchObject({ status, body: { message } });
    expect(Object.keys(answer.body)).toEqual(['error', 'message']);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('continues after Expect: 100-continue', async () => {
    const { account, path } = await customer();
    const head = `PATCH ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${account.key}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`;
    expect(await sendRaw(service.port, head)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 Bad Request/);
  });

  /** The beginning of a request whose body the service waits for, as it has a good key. */
  async function beginning() {
    const { account, path } = await customer();
    const head = `PATCH ${path} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${account.key}\r\n`;
    return `${head}Content-Type: application/json\r\nContent-Length: 10\r\n`;
  }

  it.each([
    ['headers', () => `${line}Host: a\r\n`],
    ['a body', async () => `${await beginning()}\r\n{`],
  ])('gives up on %s that do not arrive', async (_, begin) => {
    const { status, body } = parseRaw(await sendRaw(service.port, await begin()));
    expect([status, body]).toEqual([408, { error: 'Request Timeout', message: 'Request took too long to arrive' }]);
  });

  it.each([
    ['Expect', 417, () => `${line}Host: a\r\nExpect: a miracle\r\nConnection: close\r\n`],
    ['CONNECT', 400, () => 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n'],
    ['a slow body', 408, beginning],
  ])('answers %s with a problem document, under the id of the client, where it can', async (_, status, begin) => {
    const own = 'Accept: application/problem+json\r\nX-Request-Id: mine\r\n\r\n';
    const answer = parseRaw(await sendRaw(service.port, (await begin()) + own));
    expect(answer).toMatchObject({ status, body: { status, instance: 'mine' } });
    expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json', 'x-request-id': 'mine' });
  });

  it('answers 64 requests that are sent together, and cuts a connection that sends more', async () => {
    const me = (...fields: string[]) => ['GET /api/me HTTP/1.1', 'Host: a', ...fields, '', ''].join('\r\n');
    const answers = (text: string) => text.split('HTTP/1.1 401 ').length - 1;
    expect(answers(await sendRaw(service.port, me().repeat(63) + me('Connection: close')))).toBe(64);
    expect(answers(await sendRaw(service.port, me().repeat(65)))).toBe(0);
    expect(answers(await sendRaw(service.port, me().repeat(20_000)))).toBe(0);
    expect(answers(await sendRaw(service.port, me('Connection: close')))).toBe(1);
  });
});
