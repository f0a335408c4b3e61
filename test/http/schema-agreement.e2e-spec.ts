import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { type Account, makeAccount } from '../support/factories';
import { request } from '../support/http';
import { useService } from '../support/service';

/** Runs of the property; each is a request. */
const RUNS = 1500;

describe('The published schema and the service', () => {
  const service = useService();

  it('agree on every body: its status and its first message', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const firstMessage = await publishedRules(account);
    const seen = { accepted: 0, refused: new Set<string>() };
    await fc.assert(
      fc.asyncProperty(bodies(), async (generated) => {
        const sent = JSON.stringify(generated);
        const expected = firstMessage(JSON.parse(sent));
        const { status, body } = await account.patch(id, sent);
        expect({ status, message: body.message }).toEqual({ status: expected ? 400 : 200, message: expected });
        if (expected) seen.refused.add(expected);
        else seen.accepted++;
      }),
      { numRuns: RUNS },
    );
    expect(seen.accepted).toBeGreaterThan(RUNS / 20);
    expect(seen.refused.size).toBeGreaterThan(50);
  });
});

/** What a JSON Schema validator says first of a body, in the contract's form. */
async function publishedRules(account: Account): Promise<(body: unknown) => string | undefined> {
  const { body: document } = await request('GET', `${account.service.url}/docs-json`);
  const operation = document.paths['/api/customers/{id}'].patch;
  const name = operation.requestBody.content['application/merge-patch+json'].schema.$ref.split('/').at(-1);
  const ajv = new Ajv2020({ strict: false });
  addFormats(ajv, { mode: 'full' });
  const check = ajv.compile(document.components.schemas[name]);
  return (body) => {
    if (check(body)) return undefined;
    const [{ instancePath, message } = { instancePath: '', message: '' }] = check.errors ?? [];
    return `body${instancePath} ${message}`;
  };
}

/** Bodies near the border between right and wrong. Ill-formed text is left out: JSON Schema has no keyword for it. */
function bodies(): fc.Arbitrary<unknown> {
  const wellFormed = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('\0'));
  const sized = (max: number) =>
    fc
      .tuple(fc.constantFrom('x', ' ', 'é', '𝄞'), fc.integer({ min: max - 1, max: max + 1 }))
      .map(([c, n]) => c.repeat(n));
  const text = (max: number) => fc.oneof(wellFormed, sized(max), fc.constantFrom('', ' ', 'Jane'));
  const odd = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.jsonValue({ maxDepth: 2 }).filter(isWellFormed),
  );
  const mostly = (good: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 9, arbitrary: good }, { weight: 1, arbitrary: odd });
  const nullable = (good: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: fc.constant(null) });
  const unknown = fc.dictionary(fc.constantFrom('id', 'zip', 'First_name', 'constructor', 'x'), odd, { maxKeys: 1 });
  const withUnknown = (members: fc.Arbitrary<object>) =>
    fc.oneof(
      { weight: 5, arbitrary: members },
      { weight: 1, arbitrary: fc.tuple(members, unknown).map(([a, b]) => ({ ...a, ...b })) },
    );
  const address = withUnknown(
    fc.record(
      {
        street: mostly(nullable(text(255))),
        city: mostly(nullable(text(100))),
        postal_code: mostly(nullable(text(20))),
        country: mostly(nullable(text(100))),
      },
      { requiredKeys: [] },
    ),
  );
  const email = fc.oneof(
    fc.emailAddress(),
    fc.emailAddress().map((address) => address.replace('@', '@-')),
    fc.tuple(wellFormed, wellFormed).map(([local, domain]) => `${local}@${domain}.de`),
    fc.constantFrom('a@b', 'a@x.123', '', 'jörg@x.de', 'a@b.c-', `${'x'.repeat(250)}@x.de`, 'A+b@x.co', 'a\n@x.de'),
  );
  const members = fc.record(
    {
      first_name: mostly(text(100)),
      last_name: mostly(text(100)),
      email: mostly(email),
      company_name: mostly(nullable(text(200))),
      legal_entity: mostly(nullable(text(100))),
      language: mostly(nullable(fc.constantFrom('en', 'de', 'fr', ''))),
      status: mostly(fc.constantFrom('active', 'inactive', 'suspended', 'Active')),
      address_data: mostly(nullable(address)),
      postal_redirect_address: mostly(nullable(address)),
    },
    { requiredKeys: [] },
  );
  const few = fc.tuple(members, fc.uniqueArray(fc.nat(8), { maxLength: 3 })).map(([all, places]) => pick(all, places));
  return fc.oneof(
    { weight: 12, arbitrary: withUnknown(few) },
    { weight: 4, arbitrary: withUnknown(members) },
    { weight: 1, arbitrary: odd },
  );
}

function pick(all: object, places: number[]): object {
  return Object.fromEntries(Object.entries(all).filter((_, place) => places.includes(place)));
}

function isWellFormed(value: unknown): boolean {
  const text = JSON.stringify(value);
  return !/\\u0000|\\ud[89a-f]/i.test(text) && !text.includes('__proto__');
}
