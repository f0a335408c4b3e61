import { SCOPES } from '../../src/api-keys/scopes';
import { makeAccount } from '../support/factories';
import { parseRaw, sendRaw } from '../support/raw';
import { useService } from '../support/service';

describe('A body that may be left out', () => {
  const service = useService();

  async function rotate(headers: string, body = '') {
    const { apiKey, key } = await makeAccount(service, { scopes: [...SCOPES] });
    const head = `POST /api/api-keys/${apiKey.id}/rotate HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: ${key}\r\n`;
    return parseRaw(await sendRaw(service.port, `${head}${headers}\r\n${body}`));
  }

  it.each([
    '',
    'Content-Length: 0\r\n',
    'Content-Type: application/json\r\n',
    'Content-Type: application/json\r\nContent-Length: 0\r\n',
    'Content-Type: text/plain\r\nContent-Length: 0\r\n',
    'Content-Type: application/x-www-form-urlencoded\r\n',
    'Content-Type: nonsense\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n',
  ])('may be empty with %j', async (headers) => {
    expect(await rotate(headers)).toMatchObject({ status: 201, body: { key: expect.any(String) } });
  });

  it('may be empty in chunks', async () => {
    const headers = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
    expect(await rotate(headers, '0\r\n\r\n')).toMatchObject({ status: 201 });
  });

  it('is a body like any other as soon as it holds anything', async () => {
    const json = 'Content-Type: application/json\r\nContent-Length: 1\r\n';
    expect(await rotate(json, ' ')).toMatchObject({
      status: 400,
      body: { message: "Body is not valid JSON but content-type is set to 'application/json'" },
    });
    const text = 'Content-Type: text/plain\r\nContent-Length: 1\r\n';
    expect(await rotate(text, 'x')).toMatchObject({ status: 415 });
  });
});
