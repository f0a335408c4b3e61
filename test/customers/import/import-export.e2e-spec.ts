import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Account, makeAccount } from '../../support/factories';
import { EXPORT_COLUMNS, exportText, importText, storedCustomers } from '../../support/import';
import { cli } from '../../support/process';
import { databaseUrl, useService } from '../../support/service';

describe('An export', () => {
  const service = useService();
  let account: Account;
  beforeEach(async () => void (account = await makeAccount(service)));

  /** Makes many customers in no time. */
  async function makeCustomers(count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, i) => `Jane,Doe ${i},${i}@d.example`);
    await importText(account, 'csv', ['first_name,last_name,email', ...records].join('\n'));
  }

  async function makeOddCustomers(): Promise<void> {
    const address = { street: ' "Weg" 1\r\n2. Stock', city: 'Bonn, Beuel', country: 'D\r' };
    await account.makeCustomer({ first_name: '=SUM(A1)', last_name: '\tDoe\r', company_name: '"', language: null });
    await account.makeCustomer({
      company_name: '\uFEFF,;\n',
      address_data: address,
      postal_redirect_address: { city: 'x' },
    });
    await account.makeCustomer({ legal_entity: "'+-@", status: 'suspended', postal_redirect_address: address });
  }

  it('is a CSV file with all members', async () => {
    const { id } = await account.makeCustomer({
      email: 'j@d.example',
      address_data: { city: 'Bonn', street: 'Weg "1"' },
    });
    const { created_at } = await account.row(id);
    expect(await exportText(account, 'csv')).toBe(
      `${EXPORT_COLUMNS}\n${id},${account.seller.id},John,Doe,j@d.example,,,de,"Weg ""1""",Bonn,,,,,,,active,api,${created_at},${created_at}\n`,
    );
  });

  it('is an NDJSON file with the customers of every answer', async () => {
    const customers = [await account.makeCustomer(), await account.makeCustomer({ address_data: { city: 'Bonn' } })];
    const lines = (await exportText(account, 'ndjson')).split('\n');
    expect(lines).toEqual([...customers.map((customer) => JSON.stringify(customer)), '']);
  });

  it('of nothing is a header, or nothing', async () => {
    expect(await exportText(account, 'csv')).toBe(`${EXPORT_COLUMNS}\n`);
    expect(await exportText(account, 'ndjson')).toBe('');
  });

  it('has each customer once, oldest first, also where many are of one moment', async () => {
    await makeCustomers(2345);
    await account.sql(`UPDATE customers SET created_at = now() WHERE seller_id = $1`, [account.seller.id]);
    const ids = (await storedCustomers(account)).map(({ id }) => id);
    const lines = (await exportText(account, 'ndjson')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(ids);
  });

  it.each(['csv', 'ndjson'] as const)('as %s changes nothing when it is imported back', async (format) => {
    await makeOddCustomers();
    const before = await storedCustomers(account);
    const text = await exportText(account, format);
    expect(await importText(account, format, text)).toMatchObject({ unchanged: 3, created: 0, updated: 0, failed: 0 });
    expect(await storedCustomers(account)).toEqual(before);
  });

  it.each(['csv', 'ndjson'] as const)('as %s makes the same customers for another seller', async (format) => {
    await makeOddCustomers();
    const other = await makeAccount(service);
    await importText(other, format, await exportText(account, format));
    const own = { id: null, seller_id: null, source: null, created_at: null, updated_at: null, position: null };
    const members = (rows: object[]) => rows.map((row) => ({ ...row, ...own }));
    expect(members(await storedCustomers(other))).toEqual(members(await storedCustomers(account)));
  });

  const run = (...args: string[]) =>
    cli(['customers', 'export', '--seller', account.seller.id, ...args], { DATABASE_URL: databaseUrl() });

  it.each([
    [['--output', 'customers.xlsx'], /^"customers\.xlsx" does not end in \.csv, \.ndjson or \.jsonl\./],
    [['--output', 'customers'], /does not end in/],
    [['--output', 'nowhere/customers.csv'], /^"nowhere" does not exist\.\n$/],
    [['--output', '/dev/null', '--format', 'csv', '--force'], /^"\/dev\/null" is not a file\.\n$/],
    [['--format', 'ndjson', '--bom'], /^--bom is for CSV/],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('ends quietly when nobody reads on', async () => {
    await makeCustomers(3000);
    const args = ['dist/src/cli/main.js', 'customers', 'export', '--seller', account.seller.id, '--format', 'ndjson'];
    const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl() } });
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += text));
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(stderr).toBe('');
  });

  it.each([
    [['--seller', '550e8400-e29b-41d4-a716-446655440000'], /^Seller not found\n$/],
    [['--seller', '550e8400-e29b-41d4-a716-446655440000', '--format', 'xml'], /Allowed choices are csv, ndjson/],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await cli(['customers', 'export', ...args], { DATABASE_URL: databaseUrl() });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
