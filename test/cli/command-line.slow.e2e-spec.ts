import { DataSource } from 'typeorm';
import { migrations } from '../../migrations';
import { migrate } from '../../src/database/migrate';
import { makeAccount, uniqueEmail } from '../support/factories';
import { cli, cliJson } from '../support/process';
import { databaseUrl, useService } from '../support/service';

describe('More of the command line', () => {
  const service = useService();
  const run = (...args: string[]) => cli(args, { DATABASE_URL: databaseUrl() });
  const json = (...args: string[]) => cliJson(args, { DATABASE_URL: databaseUrl() });

  it('makes keys with other scopes and an expiry', async () => {
    const { id } = await json('sellers', 'create', '--name', 'Acme');
    const options = ['--scopes', 'customers:read, api_keys:manage', '--expires-at', '2999-12-31T23:59:59Z'];
    const key = await json('keys', 'create', '--seller', id, '--name', 'Admin', ...options);
    expect(key).toMatchObject({
      scopes: ['customers:read', 'api_keys:manage'],
      expires_at: '2999-12-31T23:59:59.000Z',
    });
  });

  it('limits the customers of a seller', async () => {
    const seller = await json('sellers', 'create', '--name', 'Acme', '--customer-limit', '1');
    expect(seller.customer_limit).toBe(1);
    const person = ['--seller', seller.id, '--first-name', 'J', '--last-name', 'D', '--email'];
    await json('customers', 'create', ...person, uniqueEmail());
    const refused = await run('customers', 'create', ...person, uniqueEmail());
    expect(refused).toEqual({ code: 1, stdout: '', stderr: 'Customer limit reached\n' });
  });

  it('reports a taken email', async () => {
    const { id } = await json('sellers', 'create', '--name', 'Acme');
    const create = [
      'customers',
      'create',
      '--seller',
      id,
      '--first-name',
      'J',
      '--last-name',
      'D',
      '--email',
      uniqueEmail(),
    ];
    await json(...create);
    expect(await run(...create)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'A customer with this email already exists\n',
    });
  });

  it('shows a customer, and who changed what', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ first_name: 'John', address_data: { city: 'Bonn' } });
    const { body } = await account.patch(id, { first_name: 'Jane', language: null });
    const customer = ['--seller', account.seller.id, id];
    expect(await json('customers', 'show', ...customer)).toEqual(body);
    const history = await account.call('GET', `/api/customers/${id}/history`);
    expect(await json('customers', 'history', ...customer)).toEqual({ data: history.body.data });
    const shown = (await run('customers', 'show', ...customer)).stdout.split('\n');
    expect(shown).toEqual(
      expect.arrayContaining([`id: ${id}`, 'first_name: Jane', 'language: -', 'address_data.city: Bonn']),
    );
    const [first, ...lines] = (await run('customers', 'history', ...customer)).stdout.split('\n');
    expect(first).toMatch(/^Version 2, \S+Z: updated by the key "Test" \([0-9a-f-]{36}\), request \S+$/);
    expect(lines.slice(0, 2)).toEqual(['  first_name: "John" -> "Jane"', '  language: "de" -> null']);
    const stranger = ['--seller', (await makeAccount(service)).seller.id, id];
    for (const command of ['show', 'history']) {
      const refused = await run('customers', command, ...stranger);
      expect(refused).toEqual({ code: 1, stdout: '', stderr: 'Customer not found\n' });
    }
  }, 60_000);

  it('undoes the last migrations, when told so, and no more than there are', async () => {
    const url = new URL(databaseUrl());
    url.pathname = `down_${Date.now()}`;
    const admin = await new DataSource({ type: 'postgres', url: databaseUrl() }).initialize();
    const down = (...args: string[]) => cli(['migrate', '--down', ...args], { DATABASE_URL: url.href });
    try {
      await admin.query(`CREATE DATABASE ${url.pathname.slice(1)}`);
      await migrate(url.href);
      const last = migrations.slice(-2).map(({ name }) => name);
      const warned = await down('2');
      expect(warned).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`would undo ${last[1]}, ${last[0]}, and lose`),
      });
      const tooMany = `100 migrations can't be undone: only ${migrations.length} have been run.\n`;
      expect(await down('100', '--yes')).toEqual({ code: 1, stdout: '', stderr: tooMany });
      expect(await down('2', '--yes')).toEqual({ code: 0, stdout: `Undone: ${last[1]}, ${last[0]}.\n`, stderr: '' });
      expect(await migrate(url.href)).toEqual(last);
      expect((await down('0')).stderr).toMatch(/It is not a number of at least 1/);
    } finally {
      await admin.query(`DROP DATABASE IF EXISTS ${url.pathname.slice(1)} WITH (FORCE)`);
      await admin.destroy();
    }
  }, 60_000);

  it.each([
    ['127.0.0.1:1/x', 'The database at 127.0.0.1:1 refuses the connection.\n'],
    ['nowhere.invalid/x', /^The database at nowhere\.invalid is not known: no server has this name/],
    ['/x?host=/nowhere', 'The database at /nowhere/.s.PGSQL.5432 is not there.\n'],
  ])('says in a sentence that there is no database at %s', async (address, sentence) => {
    const { code, stderr } = await cli(['sellers', 'list'], { DATABASE_URL: `postgres://${address}` });
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
  });
});
