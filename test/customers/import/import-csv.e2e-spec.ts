import { type Account, makeAccount } from '../../support/factories';
import { importText, storedCustomers } from '../../support/import';
import { useService } from '../../support/service';

const HEADER = 'first_name,last_name,email';

describe('An import of CSV', () => {
  const service = useService();
  let account: Account;
  beforeEach(async () => void (account = await makeAccount(service)));

  const importCsv = (...lines: string[]) => importText(account, 'csv', lines.join('\n'));

  it('creates customers, with columns in any order', async () => {
    const header =
      'status,email,last_name,first_name,company_name,legal_entity,language,address_data.city,address_data.street,' +
      'address_data.postal_code,address_data.country,postal_redirect_address.country';
    const outcome = await importCsv(
      `\uFEFF${header}\r`,
      'inactive,J@d.example,"Doe, Jr.","Jane\r\n""J""",Acme,GmbH,en,Bonn,Weg 1,53111,Germany,France\r',
      ',k@d.example, Roe ,=1+1,,,,,,,,',
    );
    expect(outcome).toEqual({ created: 2, updated: 0, unchanged: 0, failed: 0, report: [] });
    const [one, other] = await storedCustomers(account);
    expect(one).toMatchObject({
      first_name: 'Jane\r\n"J"',
      last_name: 'Doe, Jr.',
      email: 'J@d.example',
      company_name: 'Acme',
      legal_entity: 'GmbH',
      language: 'en',
      status: 'inactive',
      address_data: { street: 'Weg 1', city: 'Bonn', postal_code: '53111', country: 'Germany' },
      postal_redirect_address: { country: 'France' },
      source: 'import',
      version: 1,
    });
    expect(other).toMatchObject({
      first_name: '=1+1',
      last_name: ' Roe ',
      company_name: null,
      legal_entity: null,
      language: null,
      status: 'active',
      address_data: null,
      postal_redirect_address: null,
    });
  });

  it('gives new customers the defaults of absent columns', async () => {
    await importCsv(HEADER, 'Jane,Doe,j@d.example');
    expect(await storedCustomers(account)).toMatchObject([{ language: 'de', status: 'active', company_name: null }]);
  });

  it('changes only what the columns say', async () => {
    const address_data = { street: 'Weg 1', city: 'Bonn' };
    const members = { company_name: 'Acme', legal_entity: 'AG', language: 'en', status: 'inactive' } as const;
    const { id, email } = await account.makeCustomer({ ...members, address_data });
    const columns = `${HEADER},company_name,language,status,address_data.city,address_data.country`;
    const text = [columns, `John,Roe,${email},,,,,France`].join('\n');
    expect(await importText(account, 'csv', text)).toMatchObject({ updated: 1, failed: 0 });
    const row = await account.row(id);
    expect(row).toMatchObject({
      ...{ first_name: 'John', last_name: 'Roe', company_name: null, legal_entity: 'AG', language: null },
      ...{ status: 'inactive', source: 'api', version: 2 },
      address_data: { street: 'Weg 1', country: 'France' },
    });
    expect(await importText(account, 'csv', text)).toMatchObject({ updated: 0, unchanged: 1, failed: 0 });
    expect(await account.row(id)).toEqual(row);
  });

  it('passes over the columns that belong to the service', async () => {
    const outcome = await importCsv(
      `id,seller_id,source,created_at,updated_at,${HEADER}`,
      'x,y,api,never,never,Jane,Doe,j@d.example',
    );
    expect(outcome).toMatchObject({ created: 1, failed: 0 });
    expect(await storedCustomers(account)).toMatchObject([{ seller_id: account.seller.id, source: 'import' }]);
  });

  it('reports each bad line by its number, and imports the others', async () => {
    const outcome = await importText(
      account,
      'csv',
      Buffer.concat([
        Buffer.from(
          [
            `${HEADER},language,status,address_data.city`,
            'Jane,Doe,"a@d.example",,,',
            '"Ja\nne",Doe,jörg@d.example,,,',
            '',
            ',Doe,,fr,unknown, ',
            'Jane,Doe',
            'Jane,"Doe,b@d.example,,,',
            `Jane,Doe,${'x'.repeat(70_000)}@d.example,,,`,
            'Jane,Doe,c@d.example,,,',
            'J',
          ].join('\n'),
        ),
        Buffer.from([0xff]),
        Buffer.from(',Doe,d@d.example,,,\nJane,Doe,e@d.example,,,'),
      ]),
    );
    expect(outcome.report).toEqual([
      'Line 3: email is not an email address: "jörg@d.example".',
      'Line 6: first_name is empty; email is empty; language is neither en nor de: "fr"; ' +
        'status is neither active nor inactive nor suspended: "unknown"; address_data.city is blank.',
      'Line 7: email is missing.',
      'Line 8: a quote is not closed.',
      'Line 9: it is longer than 64 KiB.',
      'Line 11: it is not valid UTF-8 (older Windows programs want --encoding windows-1252).',
    ]);
    expect(outcome).toMatchObject({ created: 3, failed: 6 });
    const emails = (await storedCustomers(account)).map(({ email }) => email);
    expect(emails).toEqual(['a@d.example', 'c@d.example', 'e@d.example']);
  });

  it.each([
    ['', /^The file is empty/],
    ['\n\n', /^The file is empty/],
    [
      `${HEADER},frist_name\nJane,Doe,j@d.example,x`,
      /^Unknown columns: "frist_name" \(did you mean first_name\?\)\. Known columns are first_name,.* --map "frist_name=first_name", or add --ignore-unknown\.$/,
    ],
    [`${HEADER},address_data\nJane,Doe,j@d.example,x`, /^Unknown columns: "address_data"/],
    ['Company,Frist Name\nA,B', /--map "Frist Name=first_name", or/],
    ['Company\nA', /--map "Company=<column>", or/],
    ['PK\x03\x04\x14\0\x06\0\nx', /^This is not text but a workbook or a ZIP archive: save it as CSV\.$/],
    [`${HEADER},\u001b[2J\n`, /^Unknown columns: "\\u001b\[2J"/],
    [`${HEADER},E-Mail\nJane,Doe,j@d.example,x`, /^Repeated columns: "email", "E-Mail" are all email\.$/],
    ['first_name|last_name|email\n', /^Unknown columns: "first_name\|last_name\|email"/],
    ['last_name\nDoe', /^Missing columns: "first_name", "email"\.$/],
    [`"${HEADER}\nJane,Doe,j@d.example`, /^Line 1: a quote is not closed\.$/],
  ])('refuses the file %j at once', async (text, message) => {
    await expect(importText(account, 'csv', text)).rejects.toThrow(message);
    expect(await storedCustomers(account)).toEqual([]);
  });
});
