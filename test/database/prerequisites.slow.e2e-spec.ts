import { randomUUID } from 'node:crypto';
import { TABLES } from '../../src/database/prerequisites';
import { runSql, withDatabase, withEmptyDatabase } from '../support/database';
import { cli, refusal, ServiceProcess } from '../support/process';

const nameOf = (url: string) => new URL(url).pathname.slice(1);
const migrate = (url: string, env = {}) => cli(['migrate'], { DATABASE_URL: url, ...env });

/** Runs `use` with the URL of a role that may do nothing yet in the database. */
async function withRole<T>(url: string, use: (url: string, role: string) => Promise<T>): Promise<T> {
  const role = `role_${randomUUID().replaceAll('-', '')}`;
  await runSql(url, `CREATE ROLE ${role} LOGIN PASSWORD 'role'`);
  try {
    return await use(Object.assign(new URL(url), { username: role, password: 'role' }).href, role);
  } finally {
    await runSql(url, `DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  }
}

describe('A database that is not empty', () => {
  it.each([
    ['customers, webhooks', ['CREATE TABLE customers (id int)', 'CREATE TABLE webhooks (id int)']],
    ['migrations', ['CREATE TABLE migrations (version text)']],
    ['migrations', ['CREATE TABLE migrations (id int, name text)', `INSERT INTO migrations VALUES (1, 'Other1')`]],
  ])('with the tables of another application (%s) is left alone', (tables, statements) =>
    withEmptyDatabase('', async (url) => {
      await runSql(url, ...statements);
      const sentence =
        `The schema "public" has tables of another application (${tables}): give the service a database of its own, or a ` +
        'schema by PGOPTIONS="-c search_path=…".';
      expect(await migrate(url)).toEqual(refusal(sentence));
      expect(await cli(['migrate', '--down', '1'], { DATABASE_URL: url })).toEqual(refusal(sentence));
      const service = ServiceProcess.start([], { DATABASE_URL: url });
      expect(await service.end()).toBe(1);
      expect(service.output).toBe(`${sentence}\n`);
    }),
  );

  it('with an extension where nobody looks is refused, and accepted with the schema', () =>
    withEmptyDatabase('', async (url) => {
      await runSql(url, 'CREATE SCHEMA extensions', 'CREATE EXTENSION pg_trgm SCHEMA extensions');
      const options = `-c search_path="$user",public,extensions`;
      expect(await migrate(url)).toEqual(
        refusal(`The extension pg_trgm is in the schema "extensions", where nobody looks: set PGOPTIONS='${options}'.`),
      );
      expect(await migrate(url, { PGOPTIONS: options })).toMatchObject({ code: 0, stderr: '' });
    }));

  it('whose tables are in another schema is refused rather than filled with empty ones', () =>
    withEmptyDatabase('', async (url) => {
      await runSql(url, 'CREATE SCHEMA app');
      const options = { PGOPTIONS: '-c search_path=app,public' };
      expect(await migrate(url, options)).toMatchObject({ code: 0 });
      expect(await migrate(url)).toEqual(
        refusal(`The tables are in the schema "app", where nobody looks: set PGOPTIONS="-c search_path=app".`),
      );
      const listed = await cli(['sellers', 'list'], { DATABASE_URL: url, ...options });
      expect(listed).toMatchObject({ code: 0, stderr: '' });
    }));
});

describe('A role', () => {
  it('that may not create what the migrations need is told what to grant', () =>
    withEmptyDatabase('', (url) =>
      withRole(url, async (roleUrl, role) => {
        const database = nameOf(url);
        const mayNotExtend = (name: string) =>
          `The role "${role}" may not create the extension ${name}: let a superuser run CREATE EXTENSION ${name} in the ` +
          `database "${database}", or GRANT CREATE ON DATABASE "${database}" TO "${role}".`;
        expect(await migrate(roleUrl)).toEqual(
          refusal(
            `The role "${role}" may not create tables in the schema "public": GRANT CREATE ON SCHEMA "public" TO "${role}", ` +
              'or set MIGRATION_DATABASE_URL, for a role that may.',
            mayNotExtend('pg_trgm'),
            mayNotExtend('btree_gin'),
          ),
        );
        await runSql(
          url,
          `GRANT CREATE ON SCHEMA public TO ${role}`,
          `GRANT CREATE ON DATABASE ${database} TO ${role}`,
        );
        expect(await migrate(roleUrl)).toMatchObject({ code: 0, stderr: '' });
      }),
    ));

  it('that does not own the tables may start the service on them, but not migrate them', () =>
    withDatabase((url) =>
      withRole(url, async (roleUrl, role) => {
        await runSql(
          url,
          `GRANT CREATE ON SCHEMA public TO ${role}`,
          `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`,
        );
        expect(await migrate(roleUrl)).toMatchObject({ code: 0, stderr: '' });
        await runSql(url, `DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations)`);
        expect(await migrate(roleUrl)).toEqual(
          refusal(
            `The role "${role}" does not own the table "api_keys", so that it may not migrate it: set ` +
              `MIGRATION_DATABASE_URL, for the role "${new URL(url).username}".`,
          ),
        );
      }),
    ));

  it('that lacks a privilege ends the start with a sentence for each table', () =>
    withDatabase((url) =>
      withRole(url, async (roleUrl, role) => {
        const others = TABLES.filter((table) => table !== 'customers' && table !== 'event_log').join(', ');
        await runSql(
          url,
          `GRANT SELECT, INSERT, UPDATE, DELETE ON ${others} TO ${role}`,
          `GRANT SELECT ON customers, migrations TO ${role}`,
          `REVOKE USAGE ON SCHEMA public FROM PUBLIC`,
        );
        const env = { DATABASE_URL: roleUrl, MIGRATION_DATABASE_URL: url };
        const start = async () => {
          const service = ServiceProcess.start([], env);
          return [await service.end(), service.output];
        };
        expect(await start()).toEqual([
          1,
          `The role "${role}" may not use the schema "public", which has the tables: ` +
            `GRANT USAGE ON SCHEMA "public" TO "${role}".\n`,
        ]);
        await runSql(url, `GRANT USAGE ON SCHEMA public TO ${role}`);
        const lacks = (privileges: string, table: string) =>
          `The role "${role}" lacks ${privileges} on the table "${table}": docs/operations.md has the grants that it needs.\n`;
        expect(await start()).toEqual([
          1,
          lacks('INSERT, UPDATE, DELETE', 'customers') + lacks('SELECT, INSERT, UPDATE, DELETE', 'event_log'),
        ]);
      }),
    ));
});
