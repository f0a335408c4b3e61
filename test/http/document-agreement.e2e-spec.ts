import { randomUUID } from 'node:crypto';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { type Scope, SCOPES } from '../../src/api-keys/scopes';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import { type Answer, request, type RequestOptions } from '../support/http';
import { exampleOf, type Operation, operationsOf } from '../support/operations';
import { startService, useService } from '../support/service';
import { makeWebhook, makeWebhookWithDelivery } from '../support/webhooks';

const UNKNOWN_ID = '550e8400-e29b-41d4-a716-446655440000';

/** What the tests have been answered: each `GET /api/customers/{id} 304` that the document names has to be among it. */
const seenAnswers = new Set<string>();

/** What any request can meet is one answer of the document. */
const OF_ANY_REQUEST = [408, 413, 415, 417, 431, 500, 503];

describe('The OpenAPI document and the real answers', () => {
  const service = useService();
  let check: (operation: Operation, answer: Answer) => void;
  let operations: Operation[];
  let documented: string[];

  beforeAll(async () => {
    operations = await operationsOf(service.url);
    const { body: document } = await request('GET', `${service.url}/docs-json`);
    documented = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
      Object.entries<any>(methods).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
      ),
    );
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(ajv);
    ajv.addSchema(document, 'document');
    check = ({ method, path }, { status, headers, body }) => {
      const [template = ''] = path.split('?');
      const { responses } = document.paths[template][method.toLowerCase()];
      seenAnswers.add(`${method} ${template} ${status}`);
      const found = responses[status] ?? (OF_ANY_REQUEST.includes(status) ? responses.default : undefined);
      const where = `${method} ${path}: ${status}`;
      expect([where, found]).toEqual([where, expect.anything()]);
      const response = found.$ref ? document.components.responses[found.$ref.split('/').at(-1)] : found;
      for (const name of status === 429 ? Object.keys(response.headers) : []) {
        expect([where, name, headers.get(name)]).toEqual([where, name, expect.any(String)]);
      }
      const type = headers.get('content-type')?.split(';')[0];
      const content = type && response.content?.[type];
      expect([where, type === undefined || content !== undefined]).toEqual([where, true]);
      if (!content) return;
      const pointer = content.schema.$ref.replace('#', 'document#');
      const isValid = ajv.validate({ $ref: pointer }, body);
      expect([where, isValid ? null : ajv.errors]).toEqual([where, null]);
    };
  });

  /** An operation about this customer or key, as its example has it. */
  function send({ method, path, schema }: Operation, id: string, options: RequestOptions = {}, url = service.url) {
    const body = schema && exampleOf(schema, id);
    return request(method, url + path.replaceAll(/{\w+}/g, id), { body, ...options });
  }

  it('agree on what goes wrong, in both forms', async () => {
    const { key } = await makeAccount(service, { scopes: [...SCOPES] });
    const seen = new Set<number>();
    for (const operation of operations) {
      const scopes: Scope[] = operation.scope === 'customers:read' ? ['customers:write'] : ['customers:read'];
      const { key: powerless } = await makeAccount(service, { scopes });
      for (const accept of ['*/*', 'application/problem+json']) {
        const headers = { accept };
        const answers = [
          await send(operation, UNKNOWN_ID, { headers }),
          await send(operation, UNKNOWN_ID, { headers, key: powerless }),
          await send(operation, UNKNOWN_ID, { headers, key }),
          await send({ ...operation, path: `${operation.path}?unknown=1` }, UNKNOWN_ID, { headers, key }),
          await send(operation, UNKNOWN_ID, { headers: { ...headers, 'x-large': 'x'.repeat(20_000) }, key }),
        ];
        if (operation.schema) {
          answers.push(await send(operation, UNKNOWN_ID, { headers: { ...headers, 'content-type': 'a/b' }, key }));
          answers.push(await send(operation, UNKNOWN_ID, { headers, key, body: 'x'.repeat(1_100_000) }));
        }
        for (const answer of answers) {
          check(operation, answer);
          seen.add(answer.status);
          const { type } = answer.body;
          if (type) expect([type, (await request('GET', service.url + type)).status]).toEqual([type, 200]);
        }
      }
    }
    for (const status of [400, 401, 403, 404, 413, 415, 431]) expect(seen).toContain(status);
  });

  it('agree on what goes well', async () => {
    for (const operation of operations.filter(({ needs }) => needs !== 'portal token')) {
      const account = await makeAccount(service, { scopes: [...SCOPES] });
      const other = await account.makeKey();
      const { id } = await account.makeCustomer();
      const webhook = await makeWebhookWithDelivery(account);
      const target = { 'api-keys': other.id, webhooks: webhook.id }[operation.path.split('/')[2] ?? ''] ?? id;
      const answer = await send(operation, target, { key: account.key });
      expect([operation.method, operation.path, answer.status < 300]).toEqual([operation.method, operation.path, true]);
      check(operation, answer);
    }
  });

  it('agree on the limit of requests, which every operation with a key has', async () => {
    const limited = await startService({ rateLimitPerMinute: 1 });
    const { key } = await makeAccount(limited, { scopes: [...SCOPES] });
    await request('GET', `${limited.url}/api/me`, { key });
    for (const operation of operations.filter(({ needs }) => needs === 'key')) {
      const answer = await send(operation, UNKNOWN_ID, { key }, limited.url);
      expect([operation.path, answer.status]).toEqual([operation.path, 429]);
      check(operation, answer);
    }
    await limited.app.close();
  });

  describe('agree on what does not fit the state of things:', () => {
    let account: Account;
    const find = (method: string, path: string) =>
      operations.find((operation) => operation.method === method && operation.path === path) as Operation;

    beforeAll(async () => {
      account = await makeAccount(service, { scopes: [...SCOPES] });
    });

    /** Sends a request about a customer, a key or a webhook, and checks its answer in both forms. */
    async function provoke(method: string, path: string, id: string, status: number, options: RequestOptions = {}) {
      for (const accept of ['*/*', 'application/problem+json']) {
        const headers = { accept, ...options.headers };
        const answer = await send(find(method, path), id, { key: account.key, ...options, headers });
        expect([method, path, answer.status]).toEqual([method, path, status]);
        check(find(method, path), answer);
      }
    }

    it('a version that the client has, or has not', async () => {
      const { id } = await account.makeCustomer();
      await provoke('GET', '/api/customers/{id}', id, 304, { headers: { 'if-none-match': '"1"' } });
      const headers = { 'if-match': '"2"' };
      await provoke('PATCH', '/api/customers/{id}', id, 412, { headers });
      await provoke('DELETE', '/api/customers/{id}', id, 412, { headers });
      await provoke('POST', '/api/customers/{id}/revert', id, 412, { headers });
    });

    it('an email that is taken', async () => {
      const { email } = await account.makeCustomer();
      const { id } = await account.makeCustomer();
      const person = { first_name: 'Jane', last_name: 'Doe', email };
      await provoke('POST', '/api/customers', id, 409, { body: person });
      await provoke('PATCH', '/api/customers/{id}', id, 409, { body: { email } });
      const bulk = { ...find('PATCH', '/api/customers'), path: '/api/customers?atomic=true' };
      const conflict = await send(bulk, id, { key: account.key, body: { customers: [{ id, email }] } });
      expect(conflict.status).toBe(409);
      check(bulk, conflict);
      const unknown = await send(bulk, UNKNOWN_ID, { key: account.key });
      expect(unknown.status).toBe(404);
      check(bulk, unknown);
      const reverted = await account.makeCustomer();
      await account.patch(reverted.id, { email: uniqueEmail() });
      await account.makeCustomer({ email: reverted.email });
      await provoke('POST', '/api/customers/{id}/revert', reverted.id, 409, { body: { version: 1 } });
    });

    it('an Idempotency-Key that was used for something else', async () => {
      const { id } = await account.makeCustomer();
      for (const [method, path] of [
        ['POST', '/api/customers'],
        ['PATCH', '/api/customers'],
        ['PATCH', '/api/customers/{id}'],
        ['POST', '/api/customers/{id}/revert'],
      ] as const) {
        const headers = { 'idempotency-key': randomUUID() };
        const first = await send(find(method, path), id, { key: account.key, headers });
        expect([method, path, first.status < 300]).toEqual([method, path, true]);
        const other = path.endsWith('revert') ? { version: 2 } : { customers: [{ id, status: 'active' }] };
        const person = { first_name: 'Jane', last_name: 'Doe', email: uniqueEmail() };
        const body = method === 'POST' && path === '/api/customers' ? person : other;
        const change = path === '/api/customers/{id}' ? { status: 'inactive' } : body;
        await provoke(method, path, id, 422, { headers, body: change });
      }
    });

    it('a customer who may not log in', async () => {
      const { id } = await account.makeCustomer({ status: 'suspended' });
      await provoke('POST', '/api/customers/{id}/portal-sessions', id, 403);
    });

    it('a portal session, and none', async () => {
      const { id } = await account.makeCustomer();
      const { body } = await account.call('POST', `/api/customers/${id}/portal-sessions`);
      const headers = { authorization: `Bearer ${body.token}` };
      const session = find('GET', '/api/portal/session');
      const answers = [
        await send(session, id, { headers }),
        await send(session, id),
        await send({ ...session, path: `${session.path}?x=1` }, id, { headers }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 401, 400]);
      for (const answer of answers) check(session, answer);
    });

    it('a key that has ended, and too many keys and webhooks', async () => {
      const { id } = await account.makeKey();
      await account.call('POST', `/api/api-keys/${id}/revoke`);
      await provoke('POST', '/api/api-keys/{id}/rotate', id, 409);
      for (let i = 0; i < 20; i++) await makeWebhook(account);
      await provoke('POST', '/api/webhooks', id, 409);
      await account.sql(
        `INSERT INTO api_keys (id, seller_id, name, scopes, prefix, key_hash, created_at)
         SELECT gen_random_uuid(), seller_id, name, scopes, prefix, sha256(i::text::bytea || id::text::bytea), created_at
           FROM api_keys, generate_series(1, 1000) i WHERE id = $1`,
        [account.apiKey.id],
      );
      await provoke('POST', '/api/api-keys', id, 409);
    });
  });

  it('have left out no answer that the document names', () => {
    expect(documented.filter((answer) => !answer.endsWith(' default') && !seenAnswers.has(answer))).toEqual([]);
  });
});
