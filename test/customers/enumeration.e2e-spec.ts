import { SCOPES } from '../../src/api-keys/scopes';
import { type Account, makeAccount } from '../support/factories';
import type { Answer, RequestOptions } from '../support/http';
import { exampleOf, type Operation, operationsOf } from '../support/operations';
import { useService } from '../support/service';
import { makeWebhook } from '../support/webhooks';

const NOBODY = '550e8400-e29b-41d4-a716-446655440000';

/** Names what differs from one answer to the next in any case. */
const CHANGING = ['date', 'x-request-id', 'ratelimit', 'keep-alive'];

/** Ways to ask that might tell more than a plain request. */
const WAYS: (RequestOptions & { query?: string })[] = [
  {},
  { query: '?dry_run=true' },
  { query: '?version=1' },
  { query: '?atomic=true' },
  { query: '?dry_run=maybe' },
  { query: '?limit=1' },
  { headers: { 'if-match': '"1"' } },
  { headers: { 'if-match': '"9"' } },
  { headers: { 'if-match': '*' } },
  { headers: { 'if-none-match': '"1"' } },
  { headers: { accept: 'application/problem+json', 'x-request-id': 'same' } },
  { body: '{' },
  { body: {} },
];

describe('The id of another seller', () => {
  const service = useService();
  let stranger: Account;
  let owner: Account;
  let id: string;
  let webhookId: string;
  let all: Operation[];

  beforeAll(async () => {
    [owner, stranger] = (await Promise.all([1, 2].map(() => makeAccount(service, { scopes: [...SCOPES] })))) as [
      Account,
      Account,
    ];
    ({ id } = await owner.makeCustomer());
    ({ id: webhookId } = await makeWebhook(owner));
    all = await operationsOf(service.url);
  });

  /** All that a client sees of an answer, but for the id that it has sent. */
  function visible({ status, headers, body }: Answer, id: string): unknown {
    const fixed = [...headers].filter(([name]) => !CHANGING.includes(name));
    return { status, headers: fixed, body: JSON.stringify(body).replaceAll(id, 'ID') };
  }

  async function ask({ method, path, schema }: Operation, id: string, { query = '', ...way }: (typeof WAYS)[number]) {
    const body = schema && exampleOf(schema, id);
    const answer = await stranger.call(method, path.replaceAll(/{\w+}/g, id) + query, {
      ...(body && { body }),
      ...way,
    });
    return visible(answer, id);
  }

  it('is as unknown as that of nobody, on every route and however it is asked for', async () => {
    const ofId = all.filter(({ path, schema }) => path.includes('{id}') || schema?.properties?.customers);
    expect(ofId.length).toBeGreaterThan(10);
    for (const operation of ofId) {
      const foreign = { 'api-keys': owner.apiKey.id, webhooks: webhookId }[operation.path.split('/')[2] ?? ''] ?? id;
      for (const way of WAYS) {
        if (operation.method === 'GET' && 'body' in way) continue;
        const [there, nowhere] = [await ask(operation, foreign, way), await ask(operation, NOBODY, way)];
        expect([operation.path, way, there]).toEqual([operation.path, way, nowhere]);
      }
    }
    expect(await owner.row(id)).toMatchObject({ version: 1 });
    expect((await owner.call('GET', `/api/api-keys/${owner.apiKey.id}`)).body.revoked_at).toBeNull();
  });

  it('is so with the same Idempotency-Key, too', async () => {
    const headers = { 'idempotency-key': 'same' };
    for (const operation of all.filter(({ headers }) => headers.includes('Idempotency-Key'))) {
      if (!operation.path.includes('{id}')) continue;
      const used = await owner.call(operation.method, operation.path.replace('{id}', id), {
        body: { version: 1, first_name: 'Jane' },
        headers,
      });
      expect(used.status).toBeLessThan(500);
      for (const _ of ['first', 'replay']) {
        const there = await ask(operation, id, { headers });
        expect(there).toEqual(await ask(operation, NOBODY, { headers }));
      }
    }
  });

  it('does not show by an email, which another seller may use as well', async () => {
    const { email } = await owner.makeCustomer();
    const body = { first_name: 'Jane', last_name: 'Doe', email };
    expect((await stranger.call('POST', '/api/customers', { body })).status).toBe(201);
  });
});
