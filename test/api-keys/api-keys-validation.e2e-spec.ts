import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { SCOPES } from '../../src/api-keys/scopes';
import { makeAccount } from '../support/factories';
import { request } from '../support/http';
import { useService } from '../support/service';

/** Runs of the property; each is a request. */
const RUNS = 500;

const CASES: [body: unknown, message: string][] = [
  [undefined, 'body must be object'],
  [[], 'body must be object'],
  [{}, "body must have required property 'name'"],
  [{ scopes: 5 }, "body must have required property 'name'"],
  ...['id', 'key', 'prefix', 'seller_id', 'revoked_at'].map((name): [unknown, string] => [
    { name: 'x', [name]: 'x' },
    'body must NOT have additional properties',
  ]),
  [{ name: null }, 'body/name must be string'],
  [{ name: 'x'.repeat(101) }, 'body/name must NOT have more than 100 characters'],
  [{ name: '' }, 'body/name must NOT have fewer than 1 characters'],
  [{ name: ' \t' }, 'body/name must match pattern "\\S"'],
  [{ name: 'a\0' }, 'body/name must be well-formed text'],
  ...([null, 'customers:read', {}, 5] as unknown[]).map((scopes): [unknown, string] => [
    { name: 'x', scopes },
    'body/scopes must be array',
  ]),
  [{ name: 'x', scopes: [] }, 'body/scopes must NOT have fewer than 1 items'],
  [{ name: 'x', scopes: [...SCOPES, 5] }, 'body/scopes must NOT have more than 4 items'],
  [{ name: 'x', scopes: ['customers:read', 'admin'] }, 'body/scopes/1 must be equal to one of the allowed values'],
  [{ name: 'x', scopes: ['Customers:read'] }, 'body/scopes/0 must be equal to one of the allowed values'],
  [{ name: 'x', scopes: [null] }, 'body/scopes/0 must be string'],
  [{ name: 'x', scopes: [['customers:read']] }, 'body/scopes/0 must be string'],
  [
    { name: 'x', scopes: ['customers:read', 'customers:write', 'customers:read'] },
    'body/scopes must NOT have duplicate items (items ## 2 and 0 are identical)',
  ],
  ...[5, {}, true].map((expires_at): [unknown, string] => [
    { name: 'x', expires_at },
    'body/expires_at must be string,null',
  ]),
  ...[
    '',
    'tomorrow',
    '2999-01-01',
    '2999-01-01T00:00:00',
    '2999-02-30T00:00:00Z',
    '2999-01-01T24:00:00Z',
    '2999-01-01T00:00:00+24:00',
    '9999-12-31T23:59:59-01:00',
    '2999-01-01T00:00:00Z\0',
  ].map((expires_at): [unknown, string] => [
    { name: 'x', expires_at },
    'body/expires_at must match format "date-time"',
  ]),
  ...['2024-02-20T14:15:00Z', '0000-01-01T00:00:00Z', new Date(Date.now() - 1).toISOString()].map(
    (expires_at): [unknown, string] => [{ name: 'x', expires_at }, 'body/expires_at must be in the future'],
  ),
];

const ROTATE_CASES: [body: unknown, message: string][] = [
  ...[null, [], 5].map((body): [unknown, string] => [JSON.stringify(body), 'body must be object']),
  [{ overlap: 5 }, 'body must NOT have additional properties'],
  ...[null, '5', 1.5, [], true].map((overlap_seconds): [unknown, string] => [
    { overlap_seconds },
    'body/overlap_seconds must be integer',
  ]),
  ['{"overlap_seconds": 1e999}', 'body/overlap_seconds must be integer'],
  [{ overlap_seconds: -1 }, 'body/overlap_seconds must be >= 0'],
  [{ overlap_seconds: 604_801 }, 'body/overlap_seconds must be <= 604800'],
];

describe('The bodies of the API key routes', () => {
  const service = useService();
  const makeManager = () => makeAccount(service, { scopes: [...SCOPES] });

  it('are refused in the words of the contract, and nothing is made', async () => {
    const account = await makeManager();
    const rotate = `/api/api-keys/${account.apiKey.id}/rotate`;
    for (const [path, cases] of [
      ['/api/api-keys', CASES],
      [rotate, ROTATE_CASES],
    ] as const) {
      for (const [sent, message] of cases) {
        const { status, body } = await account.call('POST', path, { body: sent });
        expect({ sent, status, body }).toEqual({ sent, status: 400, body: { error: 'Bad Request', message } });
      }
    }
    expect((await account.call('GET', '/api/api-keys')).body.data).toMatchObject([{ revoked_at: null }]);
  });

  it('are refused with every violation in a problem document', async () => {
    const account = await makeManager();
    const violations = async (path: string, body: unknown) => {
      const answer = await account.call('POST', path, { body, headers: { accept: 'application/problem+json' } });
      return answer.body.errors.map(({ message: _, ...rest }: { message: string }) => rest);
    };
    const many = { namee: 'x', scopes: ['x', 5, 'x'], expires_at: '2000-01-01T00:00:00Z' };
    expect(await violations('/api/api-keys', many)).toEqual([
      { pointer: '/name', code: 'required' },
      { pointer: '/namee', code: 'additional_property', suggestion: 'name' },
      { pointer: '/scopes/0', code: 'enum', allowed: [...SCOPES] },
      { pointer: '/scopes/1', code: 'type' },
      { pointer: '/scopes/2', code: 'enum', allowed: [...SCOPES] },
      { pointer: '/scopes', code: 'unique_items' },
      { pointer: '/expires_at', code: 'future' },
    ]);
    const few = { scopes: [], expires_at: 'x', name: 'x' };
    expect(await violations('/api/api-keys', few)).toEqual([
      { pointer: '/scopes', code: 'min_items', limit: 1 },
      { pointer: '/expires_at', code: 'format' },
    ]);
    expect(await violations('/api/api-keys', { name: 'x', scopes: [1, 2, 3, 4, 5] })).toEqual([
      { pointer: '/scopes', code: 'max_items', limit: 4 },
    ]);
    const rotate = `/api/api-keys/${account.apiKey.id}/rotate`;
    expect(await violations(rotate, { overlap_seconds: -1 })).toEqual([
      { pointer: '/overlap_seconds', code: 'minimum', limit: 0 },
    ]);
    expect(await violations(rotate, { overlap_seconds: 1e9 })).toEqual([
      { pointer: '/overlap_seconds', code: 'maximum', limit: 604_800 },
    ]);
  });

  it('are judged after the id and the query', async () => {
    const account = await makeManager();
    const message = async (path: string) => (await account.call('POST', path, { body: { x: 1 } })).body.message;
    expect(await message('/api/api-keys/42/rotate?x=1')).toBe('params/id must match format "uuid"');
    expect(await message(`/api/api-keys/${account.apiKey.id}/rotate?x=1`)).toMatch(/^querystring must NOT/);
    expect(await message('/api/api-keys?x=1')).toMatch(/^querystring must NOT/);
    expect(
      (await account.call('POST', '/api/api-keys', { body: 'x', headers: { 'content-type': 'a/b' } })).status,
    ).toBe(415);
  });

  it('are judged as their published schema says: the status and the first message', async () => {
    const account = await makeManager();
    const { body: document } = await request('GET', `${service.url}/docs-json`);
    const ajv = new Ajv2020({ strict: false });
    addFormats(ajv, { mode: 'full' });
    const check = ajv.compile(document.components.schemas.CreateApiKeyDto);
    const refused = new Set<string>();
    await fc.assert(
      fc.asyncProperty(newKeys(), async (sent) => {
        const [error] = check(JSON.parse(JSON.stringify(sent))) ? [] : (check.errors ?? []);
        const message = error && `body${error.instancePath} ${error.message}`;
        const { status, body } = await account.call('POST', '/api/api-keys', { body: JSON.stringify(sent) });
        expect({ status, message: body.message }).toEqual({ status: message ? 400 : 201, message });
        if (message) refused.add(message);
      }),
      { numRuns: RUNS },
    );
    expect(refused.size).toBeGreaterThan(10);
  });
});

/** Bodies near the border between right and wrong. Of the future the schema says nothing. */
function newKeys(): fc.Arbitrary<unknown> {
  const odd = fc.constantFrom<unknown>(null, 5, true, {}, [], 'x');
  const mostly = (good: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: odd });
  const scope = mostly(fc.constantFrom(...SCOPES, 'admin'));
  const time = fc.tuple(
    fc.constantFrom('2999-01-31', '2996-02-29', '2999-02-29', '2999-13-01', '2999-1-1'),
    fc.constantFrom('T00:00:00', 't23:59:59.123456', 'T24:00:00', 'T12:60:00', ''),
    fc.constantFrom('Z', 'z', '+01:00', '-23:59', '+24:00', ''),
  );
  const members = {
    name: mostly(fc.constantFrom('CRM', '', ' ', '𝄞'.repeat(100), 'x'.repeat(101))),
    scopes: mostly(fc.array(scope, { maxLength: 4 })),
    expires_at: mostly(time.map((parts) => parts.join(''))),
  };
  return fc.oneof(
    { weight: 9, arbitrary: fc.record(members, { requiredKeys: ['name'] }) },
    { weight: 1, arbitrary: fc.record({ ...members, id: odd }, { requiredKeys: [] }) },
  );
}
