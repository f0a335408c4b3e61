import { makeAccount } from '../support/factories';
import { useService } from '../support/service';

const long = (count: number) => 'x'.repeat(count);

/** Every rule of the contract's table, as body and message. */
const CASES: [body: unknown, message: string][] = [
  [[], 'body must be object'],
  [null, 'body must be object'],
  [5, 'body must be object'],
  ['"text"', 'body must be object'],
  [{}, 'body must NOT have fewer than 1 properties'],
  ...['id', 'seller_id', 'source', 'created_at', 'updated_at', 'firstName', 'constructor', 'toString', ''].map(
    (name): [unknown, string] => [{ [name]: 'x' }, 'body must NOT have additional properties'],
  ),
  ['{"__proto__": {"first_name": "x"}}', 'body must NOT have additional properties'],
  ['{"__proto__": null, "first_name": "x"}', 'body must NOT have additional properties'],
  ...['first_name', 'last_name', 'email', 'status'].flatMap((name): [unknown, string][] =>
    [null, 5, true, [], {}, ['x']].map((value) => [{ [name]: value }, `body/${name} must be string`]),
  ),
  ...['company_name', 'legal_entity', 'language'].flatMap((name): [unknown, string][] =>
    [5, false, [], {}].map((value) => [{ [name]: value }, `body/${name} must be string,null`]),
  ),
  ...['address_data', 'postal_redirect_address'].flatMap((name): [unknown, string][] => [
    ...['x', 5, true, []].map((value): [unknown, string] => [{ [name]: value }, `body/${name} must be object,null`]),
    [{ [name]: { zip: '1' } }, `body/${name} must NOT have additional properties`],
    [`{"${name}": {"__proto__": "x"}}`, `body/${name} must NOT have additional properties`],
    ...Object.entries({ street: 255, city: 100, postal_code: 20, country: 100 }).flatMap(
      ([part, max]): [unknown, string][] => [
        [{ [name]: { [part]: 5 } }, `body/${name}/${part} must be string,null`],
        [{ [name]: { [part]: long(max + 1) } }, `body/${name}/${part} must NOT have more than ${max} characters`],
        [{ [name]: { [part]: '' } }, `body/${name}/${part} must NOT have fewer than 1 characters`],
        [{ [name]: { [part]: ' \t' } }, `body/${name}/${part} must match pattern "\\S"`],
        [{ [name]: { [part]: 'a\0b' } }, `body/${name}/${part} must be well-formed text`],
      ],
    ),
  ]),
  ...Object.entries({ first_name: 100, last_name: 100, company_name: 200, legal_entity: 100 }).flatMap(
    ([name, max]): [unknown, string][] => [
      [{ [name]: long(max + 1) }, `body/${name} must NOT have more than ${max} characters`],
      [{ [name]: '' }, `body/${name} must NOT have fewer than 1 characters`],
      [{ [name]: '\n\u2003' }, `body/${name} must match pattern "\\S"`],
      [{ [name]: 'nul\0' }, `body/${name} must be well-formed text`],
      [`{"${name}": "\\ud800"}`, `body/${name} must be well-formed text`],
      [`{"${name}": "a\\udc00b"}`, `body/${name} must be well-formed text`],
    ],
  ),
  [{ email: `${long(243)}@example.com` }, 'body/email must NOT have more than 254 characters'],
  ...[
    '',
    'a',
    'a@b',
    'jörg@x.de',
    'a b@x.de',
    '"a"@x.de',
    '.a@x.de',
    'a..b@x.de',
    'a@-x.de',
    'a@x..de',
    'a@x.de ',
    'a@ü.de',
    'a@x.de\0',
  ].map((email): [unknown, string] => [{ email }, 'body/email must match format "email"']),
  ...['EN', 'fr', '', 'de '].map((language): [unknown, string] => [
    { language },
    'body/language must be equal to one of the allowed values',
  ]),
  ...['deleted', 'ACTIVE', ''].map((status): [unknown, string] => [
    { status },
    'body/status must be equal to one of the allowed values',
  ]),
  ['{', "Body is not valid JSON but content-type is set to 'application/json'"],
  ['', "Body cannot be empty when content-type is set to 'application/json'"],
  [
    Buffer.from('{"first_name": "\xff"}', 'latin1'),
    "Body is not valid JSON but content-type is set to 'application/json'",
  ],
];

describe('Validation', () => {
  const service = useService();

  it('answers every broken rule with the words of the contract and changes nothing', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    for (const [sent, message] of CASES) {
      const { status, body } = await account.patch(id, sent);
      expect({ sent, status, body }).toEqual({ sent, status: 400, body: { error: 'Bad Request', message } });
    }
    expect(await account.row(id)).toMatchObject({ version: 1 });
  });

  it('uses the same words for a merge patch', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { body } = await account.patch(id, '{', { headers: { 'content-type': 'application/merge-patch+json' } });
    expect(body.message).toBe("Body is not valid JSON but content-type is set to 'application/json'");
  });

  it('wants an object also when there is neither body nor content type', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, body } = await account.patch(id);
    expect([status, body.message]).toEqual([400, 'body must be object']);
  });

  it('names the first violation in the order of the contract', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const ordered: [object, string][] = [
      [{ status: 'x', unknown: 1 }, 'body must NOT have additional properties'],
      [{ status: 'x', email: 5, last_name: '' }, 'body/last_name must NOT have fewer than 1 characters'],
      [{ status: 'x', email: 'a'.repeat(300) }, 'body/email must NOT have more than 254 characters'],
      [
        { postal_redirect_address: 1, address_data: { city: 1, street: '', x: 1 } },
        'body/address_data must NOT have additional properties',
      ],
      [
        { address_data: { country: 1, city: 1, street: '' } },
        'body/address_data/street must NOT have fewer than 1 characters',
      ],
      [{ first_name: ' '.repeat(101) }, 'body/first_name must NOT have more than 100 characters'],
    ];
    for (const [sent, message] of ordered) expect((await account.patch(id, sent)).body.message).toBe(message);
  });

  it.each([
    [
      'a value of the greatest length',
      { first_name: long(100), company_name: long(200), address_data: { street: long(255) } },
    ],
    ['astral characters counted once', { first_name: '𝄞'.repeat(100) }],
    ['a variation selector counted', { first_name: `❤️${'x'.repeat(98)}` }],
    ['an email of 254 characters', { email: `${long(64)}@${long(60)}.${long(60)}.${long(60)}.abcde` }],
    ['a numeric top-level domain', { email: `a${Date.now()}@x.123` }],
  ])('accepts %s', async (_, change) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, body } = await account.patch(id, change);
    expect(status).toBe(200);
    expect(body).toMatchObject(change);
  });

  it('ignores a leading byte order mark', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    expect((await account.patch(id, '\ufeff{"first_name": "Jane"}')).body.first_name).toBe('Jane');
  });

  it('stores what passes as it was sent', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const sent = {
      first_name: '  <b>"\\\u202e\u0001 ',
      company_name: 'e\u0301 \ufeff',
      address_data: { city: "'; --" },
    };
    const { body } = await account.patch(id, sent);
    expect(body).toMatchObject(sent);
  });

  it('checks the path before the query and the query before the body', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const message = async (path: string) => (await account.patch(path, {})).body.message;
    expect(await message('42?x=1')).toBe('params/id must match format "uuid"');
    expect(await message(`${id}0?x=1`)).toBe('params/id must match format "uuid"');
    expect(await message(`${'a'.repeat(500)}`)).toBe('params/id must match format "uuid"');
    expect(await message(`${id}?x=1`)).toBe('querystring must NOT have additional properties');
    expect(await message(id)).toBe('body must NOT have fewer than 1 properties');
  });
});
