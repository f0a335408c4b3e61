import { SCOPES } from '../src/http/caller';
import { makeAccount } from './support/factories';
import { request } from './support/http';
import { useService } from './support/service';

/** The route that a portal token opens, and no key. */
const PORTAL = '/api/portal/session';

/** The routes that need no key; any other that answers without one fails the tests below. */
const PUBLIC = ['/health/live', '/health/ready', '/docs', '/docs-json', '/docs-yaml', '/docs/', PORTAL];

/** The routes that any valid key opens. */
const NEEDS_NO_SCOPE = ['/api/me'];

/** What a route wants to see before it looks for the id. */
const VALID_BODIES: Record<string, object> = {};

const UNKNOWN_ID = '550e8400-e29b-41d4-a716-446655440000';

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

  async function call({ method, path }: { method: string; path: string }, key?: string, id = UNKNOWN_ID) {
    const body = VALID_BODIES[`${method} ${path}`] ?? (method === 'PATCH' ? { first_name: 'Jane' } : undefined);
    return request(method, `${service.url}${path.replaceAll(/:\w+/g, id)}`, { key, body });
  }

  it('is known to this test', () => {
    expect(protectedRoutes()).toContainEqual({ method: 'PATCH', path: '/api/customers/:id' });
  });

  it('refuses a request without a key', async () => {
    for (const route of protectedRoutes()) expect([route, (await call(route)).status]).toEqual([route, 401]);
  });

  it('refuses a key without scopes, unless it needs none', async () => {
    const { key } = await makeAccount(service, { scopes: [] });
    for (const route of protectedRoutes()) {
      const expected = NEEDS_NO_SCOPE.includes(route.path) ? 200 : 403;
      expect([route, (await call(route, key)).status]).toEqual([route, expected]);
    }
  });

  it('answers alike for unknown ids and those of another seller', async () => {
    const owner = await makeAccount(service);
    const { id } = await owner.makeCustomer();
    const ids: Record<string, string> = { customers: id, 'api-keys': owner.apiKey.id };
    const { key } = await makeAccount(service, { scopes: [...SCOPES] });
    const routes = protectedRoutes().filter(({ path }) => path.includes(':id'));
    expect(routes.length).toBeGreaterThan(0);
    for (const route of routes) {
      const foreign = ids[route.path.split('/')[2] ?? ''];
      expect([route, foreign]).toEqual([route, expect.any(String)]);
      const [ofAnother, ofNobody] = [await call(route, key, foreign), await call(route, key)];
      expect([route, ofAnother.status, ofAnother.body]).toEqual([route, 404, ofNobody.body]);
    }
    expect(await owner.row(id)).toMatchObject({ version: 1 });
  });

  it('refuses an unknown query member', async () => {
    const { key } = await makeAccount(service, { scopes: [...SCOPES] });
    for (const route of [...protectedRoutes(), { method: 'GET', path: '/health/live' }]) {
      const { status, body } = await call({ ...route, path: `${route.path}?unknown=1` }, key);
      expect([route, status]).toEqual([route, 400]);
      if (route.method !== 'HEAD') expect(body.message).toBe('querystring must NOT have additional properties');
    }
  });
});
