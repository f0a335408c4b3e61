import { makeAccount } from './support/factories';
import { request } from './support/http';
import { useService } from './support/service';

/** The routes that need no key; any other that answers without one fails the tests below. */
const PUBLIC = ['/health/live', '/health/ready', '/docs', '/docs-json', '/docs-yaml', '/docs/'];

describe('Every route of the application', () => {
  const service = useService();

  /** What the router itself knows, so that no route can be forgotten here. */
  function protectedRoutes(): { method: string; path: string }[] {
    const routes = service.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false, includeHooks: false });
    const lines = [...routes.matchAll(/^([│├└─ ]*)(\S+) \(([A-Z, ]+)\)$/gm)];
    const paths: string[] = [];
    return lines
      .flatMap(([, indent = '', part = '', methods = '']) => {
        const depth = indent.length / 4 - 1;
        paths.length = depth;
        paths[depth] = part;
        return methods.split(', ').map((method) => ({ method, path: paths.join('') }));
      })
      .filter(({ path }) => !PUBLIC.includes(path) && !path.startsWith('/docs/'));
  }

  const ID = '550e8400-e29b-41d4-a716-446655440000';
  const call = ({ method, path }: { method: string; path: string }, key?: string, body?: object) =>
    request(method, `${service.url}${path.replaceAll(/:\w+/g, ID)}`, { key, body });

  it('is known to this test', () => {
    expect(protectedRoutes()).toEqual([{ method: 'PATCH', path: '/api/customers/:id' }]);
  });

  it('refuses a request without a key', async () => {
    for (const route of protectedRoutes()) {
      const { status, body } = await call(route, undefined, {});
      expect([route, status, body.error]).toEqual([route, 401, 'Unauthorized']);
    }
  });

  it('refuses a key without scopes', async () => {
    const { key } = await makeAccount(service, { scopes: [] });
    for (const route of protectedRoutes()) {
      const { status, body } = await call(route, key, {});
      expect([route, status, body.error]).toEqual([route, 403, 'Forbidden']);
    }
  });

  it('refuses an unknown query member', async () => {
    const { key } = await makeAccount(service);
    for (const route of [...protectedRoutes(), ...PUBLIC.slice(0, 2).map((path) => ({ method: 'GET', path }))]) {
      const { status, body } = await call({ ...route, path: `${route.path}?unknown=1` }, key);
      expect([route, status, body.message]).toEqual([route, 400, 'querystring must NOT have additional properties']);
    }
  });
});
