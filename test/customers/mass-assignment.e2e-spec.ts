import { SCOPES } from '../../src/api-keys/scopes';
import { type Account, makeAccount } from '../support/factories';
import {
  exampleOf,
  membersIn,
  objectsIn,
  type Operation,
  operationsOf,
  textWith,
  valueAt,
} from '../support/operations';
import { makeSession } from '../support/portal';
import { useService } from '../support/service';
import { makeWebhookWithDelivery } from '../support/webhooks';

const PROTOTYPES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', ''];
const POLLUTION = { polluted: 'yes', prototype: { polluted: 'yes' } };
const TABLES = ['customers', 'customer_history', 'api_keys', 'portal_sessions', 'idempotency_records'];

describe('No request sets what it may not', () => {
  const service = useService();
  let all: Operation[];
  let account: Account;
  let id: string;
  let token: string;
  /** The column names of all tables, so that a new one can't be forgotten. */
  let columns: string[];

  beforeAll(async () => {
    all = await operationsOf(service.url);
    account = await makeAccount(service, { scopes: [...SCOPES] });
    ({ id } = await account.makeCustomer());
    ({ token } = (await makeSession(account, id)).body);
    const rows = await account.sql(
      'SELECT DISTINCT column_name AS name FROM information_schema.columns WHERE table_name = ANY($1)',
      [TABLES],
    );
    columns = rows.map(({ name }) => name);
  });

  const bodied = () => all.filter((operation): operation is Required<Operation> => operation.schema !== undefined);

  function call({ method, path, needs }: Operation, options: { query?: string; body?: unknown } = {}) {
    const target = path.replaceAll(/{\w+}/g, path.includes('api-keys') ? account.apiKey.id : id);
    const own = needs === 'key' ? {} : { key: '', headers: { authorization: `Bearer ${token}` } };
    return account.call(method, target + (options.query ?? ''), { ...own, body: options.body });
  }

  /** All that is stored of the seller, without when the key was last used. */
  async function stored(): Promise<unknown> {
    const tables = TABLES.map((table) =>
      account.sql(`SELECT to_jsonb(t) - 'last_used_at' AS row FROM ${table} t WHERE seller_id = $1 ORDER BY t::text`, [
        account.seller.id,
      ]),
    );
    return JSON.parse(JSON.stringify(await Promise.all(tables)));
  }

  it('by an undeclared member of a body, at any depth: those of the tables and of prototypes', async () => {
    expect(columns).toEqual(expect.arrayContaining(['seller_id', 'source', 'key_hash', 'token_hash', 'version']));
    const before = await stored();
    for (const operation of bodied()) {
      const example = exampleOf(operation.schema, id);
      for (const path of objectsIn(operation.schema)) {
        const known = Object.keys(valueAt(example, path));
        for (const name of [...columns, ...PROTOTYPES].filter((name) => !known.includes(name))) {
          const { status, body } = await call(operation, { body: textWith(example, path, name, POLLUTION) });
          const refused = body.results?.[0] ?? { ...body, status };
          const message = `${['body', ...path].join('/')} must NOT have additional properties`;
          const { method } = operation;
          expect([method, path, name, refused]).toMatchObject([method, path, name, { status: 400, message }]);
        }
      }
    }
    expect(await stored()).toEqual(before);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  }, 60_000);

  it('by a body where none is taken', async () => {
    const other = await account.makeCustomer();
    const row = await account.row(other.id);
    const body = {
      id: other.id,
      customer_id: other.id,
      revoked_at: '2999-01-01',
      expires_at: '2999-01-01',
      scopes: [],
    };
    const key = await account.makeKey();
    const customer = await account.makeCustomer();
    const webhook = await makeWebhookWithDelivery(account);
    const bodiless = all.filter(({ method, schema }) => method !== 'GET' && !schema).reverse();
    expect(bodiless.length).toBeGreaterThan(3);
    for (const { method, path } of bodiless) {
      const id = { 'api-keys': key.id, webhooks: webhook.id }[path.split('/')[2] ?? ''] ?? customer.id;
      const target = path.replaceAll(/{\w+}/g, id);
      const answer = await account.call(method, target, { body: textWith(body, [], '__proto__', body) });
      expect([path, answer.status < 300]).toEqual([path, true]);
      expect(JSON.stringify(answer.body)).not.toMatch(`2999|${other.id}`);
    }
    expect(await account.row(other.id)).toEqual(row);
  });

  it('by the query: names of a prototype, lists, and members sent twice', async () => {
    const before = await stored();
    for (const operation of all) {
      const queries = [
        '__proto__[x]=1',
        '__proto__=1',
        '__proto__.x=1',
        'constructor[prototype][x]=1',
        'toString=1',
        '=',
      ];
      for (const name of operation.query) queries.push(`${name}[]=1`, `${name}[0]=1`, `${name}=true&${name}=false`);
      for (const name of operation.query) queries.push(`${name}=1&${name}=1`);
      for (const query of queries) {
        const body = operation.schema && exampleOf(operation.schema, id);
        const { status, body: answer } = await call(operation, { query: `?${query}`, body });
        expect([operation.path, query, status, answer.message]).toEqual([
          operation.path,
          query,
          400,
          expect.stringMatching(/^querystring/),
        ]);
      }
    }
    expect(await stored()).toEqual(before);
    expect(Reflect.get({}, 'x')).toBeUndefined();
  });

  it('by a member that is there twice: the last counts, for every check, too', async () => {
    const before = await stored();
    const wrong = { wrong: true };
    for (const operation of bodied()) {
      for (const path of membersIn(operation.schema)) {
        const body = exampleOf(operation.schema, id);
        const [holder, name] = [path.slice(0, -1), path.at(-1) as string];
        const last = await call(operation, { body: textWith(body, holder, name, wrong) });
        expect([operation.path, path, last.body.results?.[0]?.status ?? last.status]).toEqual([
          operation.path,
          path,
          400,
        ]);
        if (!operation.query.includes('dry_run')) continue;
        const first = await call(operation, {
          query: '?dry_run=true',
          body: textWith(body, holder, name, wrong, 'start'),
        });
        const status = first.body.results?.[0]?.status ?? first.status;
        expect([operation.path, path, status < 300]).toEqual([operation.path, path, true]);
      }
    }
    expect(await stored()).toEqual(before);
  });
});
