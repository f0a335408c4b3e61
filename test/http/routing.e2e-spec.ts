import { request } from '../support/http';
import { parseRaw, sendRaw } from '../support/raw';
import { useService } from '../support/service';

describe('A request that no route serves', () => {
  const service = useService();
  const url = (path: string) => `${service.url}${path}`;

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

  it.each(['PUT', 'POST', 'TRACE', 'PROPFIND', 'MKCOL'])('%s is not allowed where only others are', async (method) => {
    const answer = parseRaw(
      await sendRaw(service.port, `${method} /api/customers/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
    );
    expect(answer.status).toBe(405);
    expect(answer.headers.allow?.split(', ')).toContain('PATCH');
    const message = `Method ${method} is not allowed for /api/customers/{id}`;
    expect(answer.body).toEqual({ error: 'Method Not Allowed', message });
  });

  it('OPTIONS needs no key and tells the methods and patch formats', async () => {
    const { status, headers, body } = await request('OPTIONS', url('/api/customers/1'));
    expect([status, body]).toEqual([204, '']);
    expect(headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(['PATCH', 'OPTIONS']));
    expect(headers.get('accept-patch')).toBe('application/json, application/merge-patch+json');
  });

  it.each(['{', ''])('OPTIONS ignores the body %j', async (body) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect((await request('OPTIONS', url('/api/customers'), { body, headers })).status).toBe(204);
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
