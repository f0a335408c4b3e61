import { BEGINNING, writeEventCursor } from '../../src/events/event';
import { type Scope, SCOPES } from '../../src/api-keys/scopes';
import { PROBLEMS } from '../../src/http/errors/problems';
import { makeAccount } from '../support/factories';
import { request } from '../support/http';
import { type Route as KnownRoute, routesOf } from '../support/routes';
import { useService } from '../support/service';
import { makeWebhook } from '../support/webhooks';

type Needs = 'nothing' | 'portal token' | 'key' | Scope;

/** What each route asks of its caller. A route that is missing here fails the first test. */
const NEEDS: Record<string, Needs> = {
  'GET /health/live': 'nothing',
  'GET /health/ready': 'nothing',
  'GET /docs': 'nothing',
  'GET /docs/': 'nothing',
  // The files in /docs/assets/, as the router prints it.
  'GET /docs/*': 'nothing',
  'GET /reference': 'nothing',
  'GET /reference/': 'nothing',
  'GET /': 'nothing',
  'GET /problems': 'nothing',
  'GET /problems/': 'nothing',
  ...Object.fromEntries(
    Object.keys(PROBLEMS).flatMap((name) => [
      [`GET /problems/${name}`, 'nothing' as const],
      [`GET /problems/${name}/`, 'nothing' as const],
    ]),
  ),
  'GET /docs-json': 'nothing',
  'GET /docs-yaml': 'nothing',
  'GET /api/portal/session': 'portal token',
  'GET /api/me': 'key',
  'GET /api/customers': 'customers:read',
  'POST /api/customers': 'customers:write',
  'PATCH /api/customers': 'customers:write',
  'GET /api/customers/:id': 'customers:read',
  'PATCH /api/customers/:id': 'customers:write',
  'DELETE /api/customers/:id': 'customers:write',
  'GET /api/customers/:id/history': 'customers:read',
  'GET /api/events': 'customers:read',
  'POST /api/customers/:id/revert': 'customers:write',
  'POST /api/customers/:id/portal-sessions': 'customers:write',
  'GET /api/api-keys': 'api_keys:manage',
  'POST /api/api-keys': 'api_keys:manage',
  'GET /api/api-keys/:id': 'api_keys:manage',
  'DELETE /api/api-keys/:id': 'api_keys:manage',
  'POST /api/api-keys/:id/revoke': 'api_keys:manage',
  'POST /api/api-keys/:id/rotate': 'api_keys:manage',
  'GET /api/webhooks': 'webhooks:manage',
  'POST /api/webhooks': 'webhooks:manage',
  'GET /api/webhooks/:id': 'webhooks:manage',
  'PATCH /api/webhooks/:id': 'webhooks:manage',
  'DELETE /api/webhooks/:id': 'webhooks:manage',
  'POST /api/webhooks/:id/rotate-secret': 'webhooks:manage',
  'POST /api/webhooks/:id/test': 'webhooks:manage',
  'GET /api/webhooks/:id/deliveries': 'webhooks:manage',
  'POST /api/webhooks/:id/deliveries/:event_id/retry': 'webhooks:manage',
  'POST /api/webhooks/:id/replay': 'webhooks:manage',
};

const UNKNOWN_ID = '550e8400-e29b-41d4-a716-446655440000';

/** What routes need to get past the check of the body. */
const BODIES: Record<string, object> = {
  'PATCH /api/customers': { customers: [{ id: UNKNOWN_ID, first_name: 'Jane' }] },
  'PATCH /api/customers/:id': { first_name: 'Jane' },
  'POST /api/customers/:id/revert': { version: 1 },
  'PATCH /api/webhooks/:id': { description: null },
  'POST /api/webhooks/:id/replay': { after: writeEventCursor(BEGINNING) },
};

interface Route extends KnownRoute {
  needs: Needs | undefined;
}

describe('Every route of the application', () => {
  const service = useService();

  function routes(): Route[] {
    return routesOf(service).map(({ method, path }) => {
      return { method, path, needs: NEEDS[`${method === 'HEAD' ? 'GET' : method} ${path}`] };
    });
  }

  const withKey = () => routes().filter(({ needs }) => needs === 'key' || SCOPES.includes(needs as Scope));
  const withScope = () => withKey().filter(({ needs }) => needs !== 'key') as (Route & { needs: Scope })[];

  function call({ method, path }: Route, key?: string, id = UNKNOWN_ID) {
    const body = BODIES[`${method} ${path}`];
    return request(method, `${service.url}${path.replaceAll(/:\w+/g, id)}`, { key, body });
  }

  it('is in the table above, and the table holds no other', () => {
    const own = routes().filter(({ method }) => method !== 'HEAD');
    expect(new Set(own.map(({ method, path }) => `${method} ${path}`))).toEqual(new Set(Object.keys(NEEDS)));
    for (const { method, path } of routes()) {
      expect([path, method === 'HEAD' || method === 'GET' || path.startsWith('/api/')]).toEqual([path, true]);
    }
  });

  it('refuses a request without a key', async () => {
    for (const route of [...withKey(), ...routes().filter(({ needs }) => needs === 'portal token')]) {
      expect([route, (await call(route)).status]).toEqual([route, 401]);
    }
  });

  it('refuses a key that has all scopes but its own, and admits one that has only its own', async () => {
    const account = await makeAccount(service);
    for (const scope of SCOPES) {
      const without = await account.makeKey({ scopes: SCOPES.filter((other) => other !== scope) });
      const only = await account.makeKey({ scopes: [scope] });
      for (const route of withScope().filter(({ needs }) => needs === scope)) {
        const refused = await call(route, without.key);
        expect([route, refused.status]).toEqual([route, 403]);
        if (route.method !== 'HEAD') expect(refused.body.message).toBe(`API key does not have the ${scope} scope`);
        expect([route, (await call(route, only.key)).status]).not.toEqual([route, 403]);
      }
    }
  });

  it('says in the OpenAPI document what it needs', async () => {
    const { body } = await request('GET', `${service.url}/docs-json`);
    for (const { method, path, needs } of withKey().filter((route) => route.method !== 'HEAD')) {
      const operation = body.paths[path.replaceAll(/:(\w+)/g, '{$1}')][method.toLowerCase()];
      expect([path, operation.security]).toEqual([path, [{ ApiKeyHeader: [] }, { BearerToken: [] }]]);
      expect([path, operation['x-required-scope']]).toEqual([path, needs === 'key' ? undefined : needs]);
    }
  });

  it('answers alike for unknown ids and those of another seller', async () => {
    const owner = await makeAccount(service);
    const { id } = await owner.makeCustomer();
    const ids: Record<string, string> = {
      customers: id,
      'api-keys': owner.apiKey.id,
      webhooks: (await makeWebhook(owner)).id,
    };
    const { key } = await makeAccount(service, { scopes: [...SCOPES] });
    const withId = withKey().filter(({ path }) => path.includes(':'));
    expect(withId.length).toBeGreaterThan(0);
    for (const route of withId) {
      const foreign = ids[route.path.split('/')[2] ?? ''];
      expect([route, foreign]).toEqual([route, expect.any(String)]);
      const [ofAnother, ofNobody] = [await call(route, key, foreign), await call(route, key)];
      expect([route, ofAnother.status, ofAnother.body]).toEqual([route, 404, ofNobody.body]);
    }
    expect(await owner.row(id)).toMatchObject({ version: 1 });
  });

  it('shows nothing of another seller where it takes no id', async () => {
    const owner = await makeAccount(service);
    const { id, email } = await owner.makeCustomer();
    const webhook = await makeWebhook(owner);
    const { key } = await makeAccount(service, { scopes: [...SCOPES] });
    for (const route of withKey().filter(({ method, path }) => method === 'GET' && !path.includes(':'))) {
      const shown = JSON.stringify((await call(route, key)).body);
      for (const secret of [id, webhook.id, email, owner.seller.id, owner.apiKey.id]) {
        expect([route, shown.includes(secret)]).toEqual([route, false]);
      }
    }
  });

  it('refuses an unknown query member', async () => {
    const { key } = await makeAccount(service, { scopes: [...SCOPES] });
    const health = routes().filter(({ path }) => path.startsWith('/health'));
    for (const route of [...withKey(), ...health]) {
      const { status, body } = await call({ ...route, path: `${route.path}?unknown=1` }, key);
      expect([route, status]).toEqual([route, 400]);
      if (route.method !== 'HEAD') expect(body.message).toBe('querystring must NOT have additional properties');
    }
  });
});
