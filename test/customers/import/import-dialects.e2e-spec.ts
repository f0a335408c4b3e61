import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { type Account, makeAccount } from '../../support/factories';
import { exportText, importText, storedCustomers } from '../../support/import';
import { useService } from '../../support/service';

const HEADER = 'first_name,last_name,email';

describe('An import of CSV as other programs write it', () => {
  const service = useService();
  let account: Account;
  beforeEach(async () => void (account = await makeAccount(service)));

  async function emails(): Promise<string[]> {
    return (await storedCustomers(account)).map(({ email }) => email);
  }

  it('finds the separator in the header, or in a line that names it', async () => {
    const files = [
      'first_name;last_name;email\nJane;"Doe, Jr.";a@d.example',
      'sep=;\r\nfirst_name;last_name;email\r\nJane;"Doe, Jr.";b@d.example\r\n',
      '\uFEFF"sep=|"\n"first_name"|"last_name"|"email"\nJane|Doe, Jr.|c@d.example\n',
      'first_name\tlast_name\temail\n"Jane"\tDoe, Jr.\td@d.example',
    ];
    for (const file of files) expect(await importText(account, 'csv', file)).toMatchObject({ created: 1, report: [] });
    for (const { last_name } of await storedCustomers(account)) expect(last_name).toBe('Doe, Jr.');
  });

  it('passes over empty columns and cells at the end, and lines of separators alone', async () => {
    const lines = [`${HEADER},company_name,,`, 'Jane,Doe,a@d.example,Acme,,', ',,,,,', 'Jane,Doe,b@d.example,,,,,'];
    const outcome = await importText(account, 'csv', lines.join('\r\n'));
    expect(outcome).toMatchObject({ created: 2, failed: 0 });
  });

  it('takes cells that are missing at the end for columns that are absent', async () => {
    const { id } = await account.makeCustomer({ email: 'a@d.example', company_name: 'Acme', language: 'en' });
    const text = `${HEADER},language,company_name\nJane,Doe,a@d.example,\nJane,Doe,b@d.example`;
    expect(await importText(account, 'csv', text)).toMatchObject({ created: 1, updated: 1, report: [] });
    expect(await account.row(id)).toMatchObject({ company_name: 'Acme', language: null });
    expect(await storedCustomers(account)).toMatchObject([{}, { language: 'de', company_name: null }]);
  });

  it('refuses values that no column asks for', async () => {
    const text = `${HEADER},,\nJane,Doe,a@d.example,,x\nJane,Doe,b@d.example,,,,x`;
    expect((await importText(account, 'csv', text)).report).toEqual([
      'Line 2: column 5 has a value, but no name in the header.',
      'Line 3: it has 7 cells, and the header has 5.',
    ]);
  });

  it.each(['\r', '\r\n', '\n'])('takes lines that end in %j, also within a cell', async (end) => {
    const text = [HEADER, '"Ja', 'ne",Doe,a@d.example', 'Jane,Doe,b@d.example', ''].join(end);
    expect(await importText(account, 'csv', text)).toMatchObject({ created: 2, report: [] });
    expect(await storedCustomers(account)).toMatchObject([{ first_name: `Ja${end}ne` }, { first_name: 'Jane' }]);
  });

  it('takes files that were glued together, with their byte order marks and headers', async () => {
    const part = (email: string) => `\uFEFF${HEADER}\r\nJane,Doe,${email}`;
    const text = `${part('a@d.example')}\r\n${part('b@d.example')}${part('c@d.example')}`;
    expect(await importText(account, 'csv', text)).toMatchObject({ created: 3, report: [] });
    const other = `${part('d@d.example')}\n\uFEFFlast_name,first_name,email\nDoe,Jane,e@d.example`;
    expect(await importText(account, 'csv', other)).toMatchObject({
      created: 1,
      report: ['Line 3: another header starts here: it and all that follows was left out.'],
    });
    expect(await emails()).toEqual(['a@d.example', 'b@d.example', 'c@d.example', 'd@d.example']);
  });

  it.each([
    ['utf-16le', { addBOM: true }, undefined],
    ['utf-16be', { addBOM: true }, undefined],
    ['utf-16le', { addBOM: false }, 'UTF-16LE'],
    ['utf-32le', { addBOM: true }, undefined],
    ['utf-32be', { addBOM: true }, undefined],
    ['windows-1252', {}, 'windows-1252'],
    ['utf-8', { addBOM: true }, 'windows-1252'],
  ])('reads %s %j when told %j', async (encoding, marked, told) => {
    const text = `${HEADER}\nJörg,€uro – “Doe”,a@d.example\n`;
    const file = iconv.encode(text, encoding, marked);
    expect(await importText(account, 'csv', file, { encoding: told })).toMatchObject({ created: 1, report: [] });
    expect(await storedCustomers(account)).toMatchObject([{ first_name: 'Jörg', last_name: '€uro – “Doe”' }]);
  });

  it('reports a line that is not in its encoding, and refuses an encoding that there is not', async () => {
    const file = Buffer.concat([
      Buffer.from(`${HEADER}\nJane,Doe,a@d.example\nJ`),
      Buffer.from([0x81]),
      Buffer.from(',D,b@d'),
    ]);
    expect(await importText(account, 'csv', file, { encoding: 'windows-1252' })).toMatchObject({
      created: 1,
      report: ['Line 3: it is not valid windows-1252.'],
    });
    for (const encoding of ['klingon', 'base64', 'BASE-64', 'hex', 'binary', 'utf-7-imap', '_internal']) {
      await expect(importText(account, 'csv', file, { encoding })).rejects.toThrow(`Unknown encoding "${encoding}"`);
    }
  });

  it.each(['utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'])(
    'writes nothing of a last value of which %s bytes are missing',
    async (encoding) => {
      const file = iconv.encode(`${HEADER}\nJane,Doe,a@d.example\nJane,Doe,b@d.example`, encoding, { addBOM: true });
      const unit = Number(encoding.slice(4, 6)) / 8;
      for (let missing = 1; missing < unit; missing++) {
        expect(await importText(account, 'csv', file.subarray(0, -missing))).toMatchObject({
          report: [`Line 3: it is not valid ${encoding}.`],
        });
      }
      expect(await emails()).toEqual(['a@d.example']);
    },
  );

  it.each(['utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'])(
    'asks for --encoding %s without a mark',
    async (encoding) => {
      const files = { csv: `${HEADER}\nJörg,Doe,a@d.example`, ndjson: '{"first_name":"Jörg"}' } as const;
      for (const [format, text] of Object.entries(files)) {
        const file = iconv.encode(text, encoding, { addBOM: false });
        await expect(importText(account, format as keyof typeof files, file)).rejects.toThrow(
          `It looks like ${encoding} without a byte order mark: add --encoding ${encoding}.`,
        );
      }
      const file = iconv.encode('Имя;last_name;email\nJane;Doe;a@d.example', encoding, { addBOM: false });
      const message = await importText(account, 'csv', file).catch((error: Error) => error.message);
      expect(message).toMatch(/--encoding utf-/);
      expect(message).not.toContain('\\u0000');
    },
  );

  it('takes column names in any letter case, with blanks, hyphens and underscores', async () => {
    const header = 'First Name,LAST-NAME, E-Mail ,Company_Name,Address Data.Postal-Code,Legal  entity';
    expect(await importText(account, 'csv', `${header}\nJane,Doe,a@d.example,Acme,53111,AG`)).toMatchObject({
      created: 1,
    });
    expect(await storedCustomers(account)).toMatchObject([
      { company_name: 'Acme', legal_entity: 'AG', address_data: { postal_code: '53111' } },
    ]);
  });

  it('maps columns, passes over others when told, and calls columns in the report what the file calls them', async () => {
    const text = 'First Name,Last Name,E-mail 1 - Value,Notes\nJane,Doe,a@d.example,x\nJane,Doe,b,x';
    const ignored: string[][] = [];
    const options = { ignoreUnknown: true, onIgnored: (names: string[]) => ignored.push(names) };
    const map = new Map([['e-mail 1 - value', 'E-Mail']]);
    expect(await importText(account, 'csv', text, { ...options, map })).toMatchObject({
      ...{ created: 1, failed: 1 },
      report: ['Line 3: "E-mail 1 - Value" is not an email address: "b".'],
    });
    expect(ignored).toEqual([['Notes']]);
    const refused = (name: string, column: string) =>
      expect(importText(account, 'csv', text, { ...options, map: new Map([[name, column]]) })).rejects;
    await refused('E-mail 2 - Value', 'email').toThrow(
      /no column "E-mail 2 - Value" \(did you mean E-mail 1 - Value\?\)/,
    );
    await refused('Notes', 'emaill').toThrow(/there is no column "emaill" to be set \(did you mean email\?\)/);
    await refused('Notes', 'emial').toThrow(/\(did you mean email\?\)/);
    await refused('Notes', 'source').toThrow(/there is no column "source" to be set/);
  });

  it('reads back what any dialect says', async () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 20 })
      .filter((text) => /\S/.test(text) && !/\0/.test(text));
    const dialect = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t'),
      record_delimiter: fc.constantFrom('\n', '\r\n', '\r'),
      bom: fc.boolean(),
      quoted: fc.boolean(),
      encoding: fc.constantFrom('utf-8', 'utf-16le', 'utf-16be'),
    });
    const people = fc.array(fc.record({ first_name: text, last_name: text }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(dialect, people, async ({ encoding, ...options }, people) => {
        const own = await makeAccount(service);
        const records = people.map((person, i) => ({ email: `${i}@d.example`, ...person }));
        const written = stringify(records, { header: true, ...options, quoted_match: /[\r\n]/ });
        const file = iconv.encode(written, encoding, { addBOM: encoding !== 'utf-8' && !options.bom });
        expect(await importText(own, 'csv', file, { dryRun: false })).toMatchObject({
          created: people.length,
          report: [],
        });
        const stored = await storedCustomers(own);
        expect(stored.map(({ email, first_name, last_name }) => ({ email, first_name, last_name }))).toEqual(records);
        expect(await importText(own, 'csv', await exportText(own, 'csv'))).toMatchObject({ unchanged: people.length });
      }),
      { numRuns: 40 },
    );
  });
});
