import { spawn } from 'node:child_process';
import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, makeAccount } from '../../support/factories';
import { EXPORT_COLUMNS, storedCustomers } from '../../support/import';
import { cli, inTemporaryFolder, outcomeOf } from '../../support/process';
import { databaseUrl, useService } from '../../support/service';

describe('The commands for files', () => {
  const service = useService();
  let account: Account;
  beforeEach(async () => void (account = await makeAccount(service)));

  it('stop an import on SIGINT after the batch under way, which goes on when it is run again', async () => {
    const total = 20_000;
    const lines = Array.from({ length: total }, (_, i) => `Jane,Doe,${i}@d.example\n`);
    const count = async () => (await storedCustomers(account)).length;
    await inTemporaryFolder(async (folder) => {
      const file = join(folder, 'a.csv');
      await writeFile(file, `first_name,last_name,email\n${lines.join('')}`);
      const args = ['customers', 'import', '--seller', account.seller.id, file, '--json'];
      const child = spawn(process.execPath, ['dist/src/cli/main.js', ...args], {
        env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl() },
      });
      const outcome = outcomeOf(child);
      while ((await count()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      child.kill('SIGINT');
      const { code, stdout, stderr } = await outcome;
      expect({ code, stderr }).toEqual({ code: 1, stderr: 'Interrupted. Run the same import again to go on.\n' });
      const { created } = JSON.parse(stdout);
      expect(created).toBe(await count());
      expect(created).toBeLessThan(total);
      const { stdout: rest } = await cli(args, { DATABASE_URL: databaseUrl() });
      expect(JSON.parse(rest)).toEqual({
        ...{ created: total - created, updated: 0, unchanged: created, failed: 0 },
        dry_run: false,
      });
    });
  }, 60_000);

  const exportTo = (...args: string[]) =>
    cli(['customers', 'export', '--seller', account.seller.id, ...args], { DATABASE_URL: databaseUrl() });

  it('export to stdout, or to a file whose name may tell the format, and say on stderr how many there are', async () => {
    const { id } = await account.makeCustomer();
    const printed = await exportTo();
    const stderr = 'Exported 1 customer.\n';
    expect(printed).toEqual({ code: 0, stdout: expect.stringMatching(`^${EXPORT_COLUMNS}\n${id}.*\n$`), stderr });
    await inTemporaryFolder(async (folder) => {
      const file = (name: string) => join(folder, name);
      for (const args of [[file('a.csv')], [file('b.txt'), '--format', 'csv']]) {
        expect(await exportTo('--output', ...args)).toEqual({ code: 0, stdout: '', stderr });
        expect(await readFile(args[0] ?? '', 'utf8')).toBe(printed.stdout);
      }
      await exportTo('--output', file('c.ndjson'));
      expect(JSON.parse(await readFile(file('c.ndjson'), 'utf8'))).toMatchObject({ id });
      expect(await exportTo('--output', file('d.csv'), '--bom')).toMatchObject({ code: 0 });
      expect(await readFile(file('d.csv'), 'utf8')).toBe(`\uFEFF${printed.stdout}`);
      expect((await readdir(folder)).sort()).toEqual(['a.csv', 'b.txt', 'c.ndjson', 'd.csv']);
    });
  }, 60_000);

  it(
    'replace a file only with --force, as a whole, and keep who may read it',
    () =>
      inTemporaryFolder(async (folder) => {
        const file = join(folder, 'a.csv');
        await writeFile(file, 'old', { mode: 0o600 });
        await symlink('a.csv', join(folder, 'link.csv'));
        const refused = { code: 1, stdout: '', stderr: `"${file}" is already there. Add --force to replace it.\n` };
        expect(await exportTo('--output', file)).toEqual(refused);
        const unknown = ['--output', file, '--force', '--seller', '550e8400-e29b-41d4-a716-446655440000'];
        expect(await exportTo(...unknown)).toMatchObject({ code: 1, stderr: 'Seller not found\n' });
        expect(await readFile(file, 'utf8')).toBe('old');
        expect(await exportTo('--output', join(folder, 'link.csv'), '--force')).toMatchObject({ code: 0 });
        expect(await readFile(file, 'utf8')).toBe(`${EXPORT_COLUMNS}\n`);
        expect((await stat(file)).mode & 0o777).toBe(0o600);
        expect((await readdir(folder)).sort()).toEqual(['a.csv', 'link.csv']);
      }),
    60_000,
  );
});
