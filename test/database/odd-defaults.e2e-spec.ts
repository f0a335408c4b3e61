import { randomUUID } from 'node:crypto';
import { migrate } from '../../src/database/migrate';
import { runSql } from '../support/database';
import { describeMainFlows } from '../support/main-flows';
import { cli, inTemporaryFolder, ServiceProcess } from '../support/process';
import { databaseUrl } from '../support/service';

/** Settings of which each breaks something, unless connections set their own. */
const ODD: Record<string, string> = {
  datestyle: `'German, DMY'`,
  intervalstyle: `'sql_standard'`,
  timezone: `'Pacific/Chatham'`,
  search_path: `'nowhere'`,
  default_transaction_isolation: `'serializable'`,
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  client_encoding: `'LATIN1'`,
  bytea_output: `'escape'`,
  standard_conforming_strings: 'off',
  extra_float_digits: '-15',
  array_nulls: 'off',
  transform_null_equals: 'on',
  gin_fuzzy_search_limit: '1',
  jit: 'on',
  statement_timeout: `'1ms'`,
  lock_timeout: `'1ms'`,
  idle_in_transaction_session_timeout: `'1ms'`,
  idle_session_timeout: `'100ms'`,
};

const SETTERS = Object.entries(ODD);

describe('Whatever the defaults of the database and the role are', () => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = () => Object.assign(new URL(admin), { pathname: name, username: name, password: 'odd' }).href;
  const admin = databaseUrl();

  afterAll(() => runSql(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`, `DROP ROLE IF EXISTS ${name}`));

  const files = [
    'customers/update-customer',
    'customers/customers',
    'customers/list-customers',
    'customers/idempotency',
    'customers/history/history',
    'events/events',
  ];
  describeMainFlows(files, async () => {
    await runSql(
      admin,
      `CREATE ROLE ${name} LOGIN PASSWORD 'odd'`,
      `CREATE DATABASE ${name} OWNER ${name}`,
      // Half of them by the database, all of them by the role, which win.
      ...SETTERS.filter((_, i) => i % 2).map(([setting, value]) => `ALTER DATABASE ${name} SET ${setting} = ${value}`),
      ...SETTERS.map(([setting, value]) => `ALTER ROLE ${name} SET ${setting} = ${value}`),
    );
    await migrate(url());
    return url();
  });

  it('the service starts, migrates, and the command line writes', () =>
    inTemporaryFolder(async (folder) => {
      const service = ServiceProcess.start([], { DATABASE_URL: url() }, folder);
      await service.url();
      expect(await service.end('SIGTERM')).toBe(0);
      const { code, stderr } = await cli(['sellers', 'create', '--name', 'Odd'], { DATABASE_URL: url() });
      expect([code, stderr]).toEqual([0, '']);
    }));

  it('what the URL and PGOPTIONS add holds, and breaks nothing', async () => {
    const options = encodeURIComponent('-c work_mem=3MB -c datestyle=German');
    const env = { DATABASE_URL: `${url()}?options=${options}`, PGOPTIONS: '-c intervalstyle=iso_8601' };
    const { code, stderr } = await cli(['sellers', 'list'], env);
    expect([code, stderr]).toEqual([0, '']);
  });
});
