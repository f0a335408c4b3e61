import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeAccount, uniqueEmail } from '../support/factories';
import { request } from '../support/http';
import { cli, cliJson, inTemporaryFolder } from '../support/process';
import { databaseUrl, useService } from '../support/service';

describe('The command line', () => {
  const service = useService();
  const run = (...args: string[]) => cli(args, { DATABASE_URL: databaseUrl() });
  const json = (...args: string[]) => cliJson(args, { DATABASE_URL: databaseUrl() });

  it('leads an operator from nothing to a first PATCH, and back', async () => {
    const seller = await json('sellers', 'create', '--name', 'Acme');
    expect(seller).toMatchObject({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), name: 'Acme' });
    const email = uniqueEmail();
    const key = await json('keys', 'create', '--seller', seller.id, '--name', 'CRM');
    expect(key).toMatchObject({
      name: 'CRM',
      prefix: key.key.slice(0, 12),
      scopes: ['customers:read', 'customers:write'],
    });
    const person = ['--first-name', 'J', '--last-name', 'D', '--email', email];
    const customer = await json(
      'customers',
      'create',
      '--seller',
      seller.id,
      ...person,
      '--address-data',
      '{"city":"Bonn"}',
    );
    expect(customer).toMatchObject({
      email,
      language: 'de',
      status: 'active',
      source: 'cli',
      address_data: { city: 'Bonn' },
    });

    const url = `${service.url}/api/customers/${customer.id}`;
    const patched = await request('PATCH', url, { key: key.key, body: { first_name: 'Jane' } });
    expect(patched.body).toEqual({ ...customer, first_name: 'Jane', updated_at: patched.body.updated_at });

    expect(await json('keys', 'revoke', key.id)).toMatchObject({ id: key.id, revoked_at: expect.any(String) });
    const refused = await request('PATCH', url, { key: key.key, body: { first_name: 'J' } });
    expect(refused.body.message).toBe('API key has been revoked');
    const { data } = await json('keys', 'list', '--seller', seller.id);
    expect(data).toMatchObject([{ id: key.id, name: 'CRM', revoked_at: expect.any(String) }]);
    expect(JSON.stringify(data)).not.toContain(key.key);
    expect(JSON.stringify(data)).not.toContain('key_hash');
  }, 60_000);

  const NOBODY = '550e8400-e29b-41d4-a716-446655440000';
  it.each([
    [['sellers', 'create', '--name', ' '], /--name <name>.*blank/],
    [['sellers', 'create', '--name', 'x', '--customer-limit', '-1'], /not a whole number/],
    [['keys', 'create', '--seller', NOBODY, '--name', 'x'], /^Seller not found\n$/],
    [['keys', 'create', '--seller', '42', '--name', 'x'], /not a UUID/],
    [['keys', 'create', '--seller', NOBODY, '--name', 'x', '--scopes', 'all'], /Known scopes are customers:read/],
    [['keys', 'create', '--seller', NOBODY, '--name', 'x', '--expires-at', 'soon'], /not an ISO 8601 time/],
    [['keys', 'revoke', NOBODY], /^API key not found\n$/],
    [['keys', 'list', '--seller', NOBODY], /^Seller not found\n$/],
    [
      ['customers', 'create', '--seller', NOBODY, '--first-name', 'J', '--last-name', 'D', '--email', 'j@d.example'],
      /^Seller not found\n$/,
    ],
    [
      ['customers', 'create', '--seller', NOBODY, '--first-name', '', '--last-name', 'D', '--email', 'j@d'],
      /^body\/first_name must NOT have fewer.*\nbody\/first_name must match.*\nbody\/email must match format "email"\n$/,
    ],
    [['customers', 'create', '--seller', NOBODY], /required option '--first-name <name>' not specified/],
    [['nonsense'], /unknown command/],
    [['openapi', '/nope/openapi.json'], /^"\/nope" does not exist\.\n$/],
    [['openapi', 'package.json/openapi.json'], /^"package.json" is not a folder\.\n$/],
  ])('refuses %j on stderr, with exit code 1', async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n +at /);
  });

  it('says once that the disk is full', async () => {
    const { seller } = await makeAccount(service);
    const command = `"$0" dist/src/cli/main.js customers export --seller ${seller.id} >/dev/full`;
    const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl() };
    const { status, stderr } = spawnSync('sh', ['-c', command, process.execPath], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, 'What is printed can not be written: the disk is full.\n']);
  });

  it('writes the OpenAPI document without a database', () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, 'openapi.json');
      expect(await cli(['openapi', file], {})).toMatchObject({ code: 0, stderr: '' });
      const { body } = await request('GET', `${service.url}/docs-json`);
      expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(body);
    }));
});
