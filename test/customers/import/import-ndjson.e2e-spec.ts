import { type Account, makeAccount } from '../../support/factories';
import { importRecords, importText, storedCustomers } from '../../support/import';
import { useService } from '../../support/service';

const AT_LIMIT = 'the seller has as many customers as it may have';

describe('An import of NDJSON', () => {
  const service = useService();
  let account: Account;
  beforeEach(async () => void (account = await makeAccount(service)));

  const person = (email: string, members = {}) => ({ first_name: 'Jane', last_name: 'Doe', email, ...members });

  it('creates customers as POST does', async () => {
    const address_data = { street: null, city: 'Bonn', country: 'Germany' };
    const records = [person('j@d.example', { language: null, address_data }), person('k@d.example')];
    expect(await importRecords(account, records)).toEqual({
      ...{ created: 2, updated: 0, unchanged: 0, failed: 0 },
      report: [],
    });
    const [one, other] = await storedCustomers(account);
    expect(one).toMatchObject({ language: null, address_data: { city: 'Bonn', country: 'Germany' }, status: 'active' });
    const { body } = await account.call('GET', `/api/customers/${other?.id}`);
    expect(body).toEqual({
      ...{ id: other?.id, seller_id: account.seller.id, ...person('k@d.example') },
      ...{ company_name: null, legal_entity: null, language: 'de', address_data: null },
      ...{ postal_redirect_address: null, status: 'active', source: 'import' },
      ...{ created_at: other?.created_at, updated_at: other?.created_at },
    });
  });

  it('changes customers as PATCH does, whatever the letter case of the email', async () => {
    const { id } = await account.makeCustomer({ email: 'J@d.example', company_name: 'Acme', language: 'en' });
    const records = [person('j@D.example', { language: null, address_data: { city: 'Bonn' } })];
    expect(await importRecords(account, records)).toMatchObject({ created: 0, updated: 1 });
    expect(await account.row(id)).toMatchObject({
      ...{ email: 'j@D.example', company_name: 'Acme', language: null, address_data: { city: 'Bonn' } },
      ...{ first_name: 'Jane', source: 'api', version: 2 },
    });
  });

  it('changes nothing the second time', async () => {
    const records = Array.from({ length: 600 }, (_, i) => person(`${i}@d.example`, { address_data: { city: `${i}` } }));
    expect(await importRecords(account, records.slice(0, 400))).toMatchObject({ created: 400 });
    expect(await importRecords(account, records)).toMatchObject({ created: 200, unchanged: 400 });
    const stored = await storedCustomers(account);
    expect(stored.map(({ email }) => email)).toEqual(records.map(({ email }) => email));
    expect(await importRecords(account, records)).toMatchObject({ created: 0, updated: 0, unchanged: 600 });
    expect(await storedCustomers(account)).toEqual(stored);
  });

  it('lets the later line win', async () => {
    const first = person('j@d.example', { company_name: 'Acme', legal_entity: 'AG' });
    const records = [first, person('k@d.example'), person('J@d.example', { company_name: null }), first, first];
    expect(await importRecords(account, records)).toMatchObject({ created: 2, updated: 2, unchanged: 1 });
    const [customer] = await storedCustomers(account);
    expect(customer).toMatchObject({ email: 'j@d.example', company_name: 'Acme', legal_entity: 'AG', version: 3 });
  });

  it('leaves the customers of others alone', async () => {
    const other = await makeAccount(service);
    const { id } = await other.makeCustomer({ email: 'j@d.example' });
    expect(await importRecords(account, [person('j@d.example')])).toMatchObject({ created: 1 });
    expect(await other.row(id)).toMatchObject({ first_name: 'John', version: 1 });
  });

  it('reports each bad line by its number, and imports the others', async () => {
    const lines = [
      `\uFEFF${JSON.stringify(person('a@d.example'))}\r`,
      '{"first_name": "Jane"',
      '  ',
      '[]',
      '{"first_name": 5, "last_name": "Doe", "frist_name": "x"}',
      JSON.stringify({ ...person('b@d.example'), company_name: 'a\0b', status: null, address_data: { zip: '1' } }),
      '{"__proto__": {}, "first_name": "Jane", "last_name": "Doe", "email": "c@d.example"}',
      JSON.stringify(person('d@d.example', { id: 5, seller_id: null, source: '', created_at: 0, updated_at: {} })),
      '['.repeat(60_000),
      JSON.stringify(person('e@d.example', { company_name: 'x'.repeat(70_000) })),
      JSON.stringify(person('f@d.example')),
    ];
    const outcome = await importText(account, 'ndjson', lines.join('\n'));
    expect(outcome.report).toEqual([
      'Line 2: it is not valid JSON.',
      'Line 4: it is no object.',
      'Line 5: email is missing; "frist_name" is not known (did you mean first_name?); first_name must be string.',
      'Line 6: company_name holds a NUL or half a character; status must be string; "address_data.zip" is not known.',
      'Line 7: "__proto__" is not known.',
      'Line 9: it is not valid JSON.',
      'Line 10: it is longer than 64 KiB.',
    ]);
    expect(outcome).toMatchObject({ created: 3, failed: 7 });
    const emails = (await storedCustomers(account)).map(({ email }) => email);
    expect(emails).toEqual(['a@d.example', 'd@d.example', 'f@d.example']);
  });

  it('keeps to the limit of the seller', async () => {
    const { id } = await account.makeCustomer({ email: 'a@d.example' });
    await account.sql('UPDATE sellers SET customer_limit = 3 WHERE id = $1', [account.seller.id]);
    const records = ['b', 'a', 'c', 'd', 'B', 'e'].map((name, i) =>
      person(`${name}@d.example`, { company_name: `${i}` }),
    );
    const expected = {
      ...{ created: 2, updated: 2, unchanged: 0, failed: 2 },
      report: [...[4, 6].map((line) => `Line ${line}: ${AT_LIMIT}.`)],
    };
    expect(await importRecords(account, records, { dryRun: true })).toEqual(expected);
    expect(await importRecords(account, records)).toEqual(expected);
    expect(await account.row(id)).toMatchObject({ company_name: '1' });
    await account.sql('UPDATE sellers SET customer_limit = 1 WHERE id = $1', [account.seller.id]);
    expect(await importRecords(account, [person('x@d.example'), records[1] ?? {}])).toMatchObject({
      ...{ unchanged: 1, failed: 1 },
      report: [`Line 1: ${AT_LIMIT}.`],
    });
  });

  it('reports the same in a dry run, and writes nothing', async () => {
    await account.makeCustomer({ email: 'a@d.example' });
    await account.makeCustomer({ email: 'b@d.example' });
    const before = await storedCustomers(account);
    const many = Array.from({ length: 300 }, (_, i) => person(`${i}@d.example`));
    const records = [person('a@d.example'), ...many, person('7@D.example'), person('A@d.example'), {}];
    const dry = await importRecords(account, records, { dryRun: true });
    expect(dry).toMatchObject({ created: 300, updated: 3, unchanged: 0, failed: 1 });
    expect(await storedCustomers(account)).toEqual(before);
    expect(await importRecords(account, records, { dryRun: true })).toEqual(dry);
    expect(await importRecords(account, records)).toEqual(dry);
  });
});
