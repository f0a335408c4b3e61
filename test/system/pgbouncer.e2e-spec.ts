import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../../src/database/migrate';
import { runSql } from '../support/database';
import { describeMainFlows } from '../support/main-flows';
import { pgbouncerPreparesStatements, reconnect, withPgbouncer } from '../support/pgbouncer';
import { cli, inTemporaryFolder, ServiceProcess } from '../support/process';
import { databaseUrl } from '../support/service';

const FILES = [
  'customers/update-customer',
  'customers/customers',
  'customers/list-customers',
  'customers/bulk-update',
  'customers/bulk-atomic',
  'customers/idempotency',
  'customers/dry-run',
  'customers/history/history',
  'customers/history/revert',
  'portal/portal',
  'api-keys/api-keys',
  'events/events',
];

/** As far as the installed one can. */
const preparesStatements = pgbouncerPreparesStatements();

describe(`Behind PgBouncer in transaction pooling, with${preparesStatements ? '' : 'out'} prepared statements,`, () => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = databaseUrl();
  const direct = Object.assign(new URL(admin), { pathname: name, username: name, password: 'pooled' }).href;
  let pooled: string;
  let stop: () => void;
  let stopped: Promise<void>;

  const env = () => ({
    DATABASE_URL: pooled,
    MIGRATION_DATABASE_URL: direct,
    DATABASE_POOLER: 'transaction',
    DATABASE_PREPARED_STATEMENTS: String(preparesStatements),
  });

  afterAll(async () => {
    stop?.();
    await stopped;
    await runSql(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`, `DROP ROLE IF EXISTS ${name}`);
  });

  async function open(): Promise<string> {
    await runSql(
      admin,
      `CREATE ROLE ${name} LOGIN PASSWORD 'pooled'`,
      `CREATE DATABASE ${name} OWNER ${name}`,
      `ALTER ROLE ${name} SET datestyle = 'German, DMY'`,
    );
    await migrate(direct);
    await new Promise<void>((ready, fail) => {
      const done = new Promise<void>((resolve) => (stop = resolve));
      stopped = withPgbouncer(direct, (url) => {
        pooled = url;
        ready();
        return done;
      });
      stopped.catch(fail);
    });
    // What the start prints is what has to be run.
    const service = ServiceProcess.start([], env());
    expect(await service.end()).toBe(1);
    const [sentence, ...lines] = service.output.trim().split('\n');
    expect(sentence).toMatch(/^Behind a pooler the role has to bring its settings along/);
    expect(lines).toContain(`ALTER ROLE ${name} IN DATABASE ${name} SET statement_timeout = '1500';`);
    await runSql(admin, ...lines);
    await reconnect(pooled);
    return pooled;
  }

  const config = { databasePooler: 'transaction', databasePreparedStatements: preparesStatements } as const;
  describeMainFlows(FILES, open, config);

  it('the service starts, and says what it needs', async () => {
    for (const prepares of new Set([preparesStatements, false])) {
      const service = ServiceProcess.start([], { ...env(), DATABASE_PREPARED_STATEMENTS: String(prepares) });
      await service.url();
      expect(await service.end('SIGTERM')).toBe(0);
    }
    const refused = await cli(['sellers', 'list'], {
      ...env(),
      PGOPTIONS: '-c work_mem=3MB',
      MIGRATION_DATABASE_URL: '',
    });
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'The configuration is not valid. PGOPTIONS can not pass a pooler: set them for the role, by ALTER ROLE … SET. ' +
        'Migrations can not pass a pooler: set MIGRATION_DATABASE_URL, past the pooler, or MIGRATE_ON_START=false.\n',
    });
    if (preparesStatements) return;
    const { stderr } = await cli(['sellers', 'list'], { ...env(), DATABASE_PREPARED_STATEMENTS: 'true' });
    expect(stderr).toMatch(/^The pooler does not know prepared statements: set DATABASE_PREPARED_STATEMENTS=false/);
  });

  it.each(['', 'ignore_startup_parameters = extra_float_digits, options'])(
    'the service names the setting that is missing, though PgBouncer has %j',
    (more) =>
      withPgbouncer(
        direct,
        async (url) => {
          const { code, stderr } = await cli(['sellers', 'list'], { DATABASE_URL: url });
          expect(code).toBe(1);
          expect(stderr).toMatch(
            /^The database does not take the settings of a connection, .*DATABASE_POOLER=transaction/,
          );
        },
        more,
      ),
  );

  it('the command line imports, and tries an import out', () =>
    inTemporaryFolder(async (folder) => {
      const { stdout } = await cli(['sellers', 'create', '--name', 'Pooled', '--json'], env());
      const file = join(folder, 'customers.csv');
      await writeFile(file, 'first_name,last_name,email\nJane,Doe,jane@example.com\n');
      const command = ['customers', 'import', '--seller', JSON.parse(stdout).id, file];
      expect((await cli([...command, '--dry-run'], env())).stdout).toContain('1 created');
      expect((await cli(command, env())).stdout).toContain('Customers: 1 created');
      const withoutDirect = { ...env(), MIGRATION_DATABASE_URL: '', MIGRATE_ON_START: 'false' };
      expect((await cli([...command, '--dry-run'], withoutDirect)).stderr).toBe(
        'A dry run can not pass a pooler: set MIGRATION_DATABASE_URL, past the pooler.\n',
      );
    }));
});
