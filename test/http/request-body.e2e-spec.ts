import { connect } from 'node:net';
import { makeAccount } from '../support/factories';
import { parseRaw, readAll, sendRaw } from '../support/raw';
import { useService } from '../support/service';

describe('The body of a request', () => {
  const service = useService();

  async function customer() {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    return { account, id, path: `/api/customers/${id}` };
  }

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'application/json; charset=latin1',
    'nonsense',
  ])('refuses %s', async (type) => {
    const { account, id } = await customer();
    const { status, headers, body } = await account.patch(id, '{}', { headers: { 'content-type': type } });
    expect([status, body]).toEqual([
      415,
      { error: 'Unsupported Media Type', message: `Unsupported Media Type: ${type}` },
    ]);
    expect(headers.get('accept-patch')).toBe('application/json, application/merge-patch+json');
  });

  it('refuses a body without a type', async () => {
    const { account, path } = await customer();
    const head = `PATCH ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${account.key}\r\nConnection: close\r\nContent-Length: 2`;
    const { status, body } = parseRaw(await sendRaw(service.port, `${head}\r\n\r\n{}`));
    expect([status, body]).toEqual([415, { error: 'Unsupported Media Type', message: 'Unsupported Media Type: ' }]);
  });

  it.each(['gzip', 'br', 'deflate, gzip'])('refuses the encoding %s', async (encoding) => {
    const { account, id } = await customer();
    const { status, body } = await account.patch(id, '{}', { headers: { 'content-encoding': encoding } });
    expect([status, body.message]).toEqual([415, `Unsupported Content-Encoding: ${encoding}`]);
  });

  it('takes 64 KiB and no more', async () => {
    const { account, id } = await customer();
    const sized = (bytes: number) => `{"first_name":"${'x'.repeat(bytes - 17)}"}`;
    const accepted = await account.patch(id, sized(65_536));
    expect(accepted.body.message).toBe('body/first_name must NOT have more than 100 characters');
    const { status, body } = await account.patch(id, sized(65_537));
    expect([status, body]).toEqual([413, { error: 'Payload Too Large', message: 'Request body is too large' }]);
  });

  it('takes no more than 64 KiB of a body of unknown length', async () => {
    const { account, path } = await customer();
    const head = `PATCH ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${account.key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    expect(parseRaw(await sendRaw(service.port, head + chunk.repeat(6)))).toMatchObject({
      status: 413,
      body: { error: 'Payload Too Large', message: 'Request body is too large' },
    });
  });

  describe('in small pieces', () => {
    const headOf = (path: string, key: string, length: string) =>
      `PATCH ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: ${key}\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;
    const inChunks = (text: string) => `${[...text].map((one) => `1\r\n${one}\r\n`).join('')}0\r\n\r\n`;
    const TEXT = JSON.stringify({ first_name: 'Ada', company_name: 'x'.repeat(200) });

    it('is joined, whether they come together or one by one', async () => {
      const { account, path } = await customer();
      const chunked = headOf(path, account.key, 'Transfer-Encoding: chunked') + inChunks(TEXT);
      expect(parseRaw(await sendRaw(service.port, chunked))).toMatchObject({
        status: 200,
        body: { first_name: 'Ada' },
      });
      const socket = connect(service.port, '127.0.0.1').setNoDelay();
      const answer = readAll(socket);
      for (const one of headOf(path, account.key, `Content-Length: ${TEXT.length}`) + TEXT) {
        await new Promise((sent) => socket.write(one, sent));
      }
      expect(parseRaw(await answer)).toMatchObject({ status: 200, body: { company_name: 'x'.repeat(200) } });
    });

    it('is refused when it has far more of them than its size explains, which hurts no later request', async () => {
      const { account, path } = await customer();
      const head = headOf(path, account.key, 'Transfer-Encoding: chunked');
      const small = head + inChunks(' '.repeat(2000) + TEXT);
      const refused = await Promise.all(Array.from({ length: 20 }, () => sendRaw(service.port, small)));
      for (const text of refused) {
        expect(parseRaw(text)).toMatchObject({
          status: 413,
          body: { error: 'Payload Too Large', message: 'Request body comes in too many small chunks' },
        });
      }
      // Node uses the parsers of closed connections again.
      const accepted = await Promise.all(
        Array.from({ length: 40 }, () => sendRaw(service.port, head + inChunks(TEXT))),
      );
      for (const text of accepted) expect(parseRaw(text).status).toBe(200);
    });
  });
});
