import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, makeAccount } from '../../support/factories';
import { cli, inTemporaryFolder, type Outcome, outcomeOf } from '../../support/process';
import { databaseUrl, useService } from '../../support/service';

const NOBODY = '550e8400-e29b-41d4-a716-446655440000';
const HEADER = 'first_name,last_name,email\n';

describe('The import command', () => {
  const service = useService();
  let account: Account;
  beforeEach(async () => void (account = await makeAccount(service)));

  const run = (...args: string[]) => cli(['customers', 'import', ...args], { DATABASE_URL: databaseUrl() });

  /** Runs the command on a file with this text. */
  function importFile(name: string, text: string, ...args: string[]): Promise<Outcome> {
    return inTemporaryFolder(async (folder) => {
      await writeFile(join(folder, name), text);
      return run('--seller', account.seller.id, join(folder, name), ...args);
    });
  }

  async function count(): Promise<number> {
    const [row] = await account.sql('SELECT count(*)::int FROM customers WHERE seller_id = $1', [account.seller.id]);
    return row?.count;
  }

  it('prints how many customers it created, updated and left alone', async () => {
    await account.makeCustomer({ email: 'a@d.example' });
    const { first_name, last_name, email } = await account.makeCustomer({ email: 'b@d.example' });
    const text = `${HEADER}Jane,Doe,A@d.example\n${first_name},${last_name},${email}\nJane,Doe,c@d.example\n`;
    const summary = { created: 1, updated: 1, unchanged: 1, failed: 0, dry_run: false };
    const dry = await importFile('a.csv', text, '--dry-run', '--json');
    expect(dry).toEqual({ code: 0, stdout: `${JSON.stringify({ ...summary, dry_run: true })}\n`, stderr: '' });
    expect(await count()).toBe(2);
    const real = await importFile('a.CSV', text, '--json');
    expect(real).toEqual({ code: 0, stdout: `${JSON.stringify(summary)}\n`, stderr: '' });
    expect(await count()).toBe(3);
    expect(await importFile('a.csv', text)).toEqual({
      code: 0,
      stdout: 'Customers: 0 created, 0 updated, 3 unchanged, 0 failed.\n',
      stderr: '',
    });
  });

  it('writes nothing in a dry run, also where the search path has temporary tables last', () =>
    inTemporaryFolder(async (folder) => {
      const { id, email } = await account.makeCustomer();
      const file = join(folder, 'a.csv');
      await writeFile(file, `${HEADER}Jane,Doe,${email}\nJane,Doe,new@d.example\n`);
      const env = { DATABASE_URL: databaseUrl(), PGOPTIONS: '-c search_path=public,pg_temp' };
      const args = ['customers', 'import', '--seller', account.seller.id, file, '--dry-run'];
      expect((await cli(args, env)).stdout).toMatch('1 created, 1 updated, 0 unchanged, 0 failed.');
      expect(await count()).toBe(1);
      expect(await account.row(id)).toMatchObject({ version: 1 });
    }));

  it('reports bad lines on stderr and ends with exit code 1, having imported the others', async () => {
    const good = JSON.stringify({ first_name: 'Jane', last_name: 'Doe', email: 'a@d.example' });
    const outcome = { code: 1, stderr: 'Line 1: it is not valid JSON.\nLine 3: it is no object.\n' };
    expect(await importFile('a.jsonl', `{\n${good}\n5`, '--dry-run')).toEqual({
      ...outcome,
      stdout: 'Nothing was written. It would be: 1 created, 0 updated, 0 unchanged, 2 failed.\n',
    });
    expect(await importFile('a.jsonl', `{\n${good}\n5`, '--json')).toEqual({
      ...outcome,
      stdout: '{"created":1,"updated":0,"unchanged":0,"failed":2,"dry_run":false}\n',
    });
    expect(await count()).toBe(1);
  });

  it.each([
    [['--seller', NOBODY, 'package.csv'], /^Seller not found\n$/],
    [['--seller', NOBODY, 'package.json'], /^"package\.json" does not end in \.csv, \.ndjson or \.jsonl\./],
    [['--seller', NOBODY, '-'], /^Standard input has no name .* add --format\.\n$/],
    [['--seller', NOBODY, 'a.csv', '--map', 'email'], /not of the form/],
    [['--seller', NOBODY, 'a.ndjson', '--ignore-unknown'], /^--map and --ignore-unknown are for CSV/],
    [['--seller', '42', 'package.csv'], /not a UUID/],
    [['--seller', NOBODY], /missing required argument 'file'/],
    [['package.csv'], /required option '--seller <id>' not specified/],
  ])('refuses %j on stderr, with exit code 1', async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n +at /);
  });

  it('refuses a file that is not there, or not one of customers', async () => {
    const missing = await run('--seller', account.seller.id, 'nowhere.csv');
    expect(missing).toEqual({ code: 1, stdout: '', stderr: '"nowhere.csv" does not exist.\n' });
    const { code, stdout, stderr } = await importFile('a.csv', 'name\nJane', '--json');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Unknown columns: "name".* Known columns are .*\n$/);
  });

  it('reads standard input, maps columns, and says what it passes over', async () => {
    const args = ['customers', 'import', '-', '--format', 'csv', '--seller', account.seller.id, '--json'];
    const options = ['--map', 'Mail=email', '--ignore-unknown'];
    const child = spawn(process.execPath, ['dist/src/cli/main.js', ...args, ...options], {
      env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl() },
    });
    const outcome = outcomeOf(child);
    child.stdin.end('First Name;Last Name;Mail;Notes\nJane;Doe;a@d.example;x\n');
    expect(await outcome).toEqual({
      code: 0,
      stdout: '{"created":1,"updated":0,"unchanged":0,"failed":0,"dry_run":false}\n',
      stderr: 'Ignored columns: "Notes".\n',
    });
  });
});
