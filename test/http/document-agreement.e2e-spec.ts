import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { SCOPES } from '../../src/http/caller';
import { makeAccount } from '../support/factories';
import { type Answer, request, type RequestOptions } from '../support/http';
import { exampleOf, type Operation, operationsOf } from '../support/operations';
import { startService, useService } from '../support/service';
import { makeWebhookWithDelivery } from '../support/webhooks';

const UNKNOWN_ID = '550e8400-e29b-41d4-a716-446655440000';

/** What any request can meet is one answer of the document. */
const OF_ANY_REQUEST = [408, 413, 415, 417, 431, 500, 503];

describe('The OpenAPI document and the real answers', () => {
  const service = useService();
  let check: (operation: Operation, answer: Answer) => void;
  let operations: Operation[];

  beforeAll(async () => {
    operations = await operationsOf(service.url);
    const { body: document } = await request('GET', `${service.url}/docs-json`);
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(ajv);
    ajv.addSchema(document, 'document');
    check = ({ method, path }, { status, headers, body }) => {
      const { responses } = document.paths[path][method.toLowerCase()];
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
      const { key: powerless } = await makeAccount(service, { scopes: ['customers:read'] });
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
});
