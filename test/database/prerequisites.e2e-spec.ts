import { randomUUID } from 'node:crypto';
import { TABLES } from '../../src/database/prerequisites';
import { runSql, withDatabase, withEmptyDatabase } from '../support/database';
import { cli, type Outcome, ServiceProcess } from '../support/process';

/** Has a database look as if its server were another: what is in the schema is found before PostgreSQL's own. */
const PRETEND = `?options=${encodeURIComponent('-c search_path=pretended,pg_catalog,public')}`;
const OLD_SERVER = `CREATE FUNCTION pretended.current_setting(name text) RETURNS text LANGUAGE sql RETURN
  CASE name WHEN 'server_version_num' THEN '140023' WHEN 'server_version' THEN '14.23' ELSE pg_catalog.current_setting(name) END`;
const NO_ICU = `CREATE VIEW pretended.pg_collation AS SELECT * FROM pg_catalog.pg_collation WHERE collprovider <> 'i'`;
const NO_CONTRIB = `CREATE VIEW pretended.pg_available_extensions AS SELECT * FROM pg_catalog.pg_available_extensions
  WHERE name NOT IN ('pg_trgm', 'btree_gin')`;

const nameOf = (url: string) => new URL(url).pathname.slice(1);

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

const migrate = (url: string, env = {}) => cli(['migrate'], { DATABASE_URL: url, ...env });
const refusal = (...sentences: string[]): Outcome => ({
  code: 1,
  stdout: '',
  stderr: sentences.map((sentence) => `${sentence}\n`).join(''),
});

describe('A database', () => {
  it('that is not UTF-8 ends the start, and what comes before it, with a sentence', () =>
    withEmptyDatabase(`ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`, async (url) => {
      const sentence =
        `The encoding of the database "${nameOf(url)}" is LATIN1: the service needs one that was created with ` +
        `ENCODING 'UTF8' TEMPLATE template0.`;
      expect(await migrate(url)).toEqual(refusal(sentence));
      expect(await cli(['sellers', 'list'], { DATABASE_URL: url })).toEqual(refusal(sentence));
      const service = ServiceProcess.start([], { DATABASE_URL: url });
      expect(await service.end()).toBe(1);
      expect(service.output).toBe(`${sentence}\n`);
      const tables = `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`;
      expect(await runSql(url, tables)).toEqual([]);
    }));

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

  it('of a server that is too old, or lacks ICU, is refused', () =>
    withEmptyDatabase('', async (url) => {
      await runSql(url, 'CREATE SCHEMA pretended', OLD_SERVER, NO_ICU);
      expect(await migrate(url + PRETEND)).toEqual(
        refusal(
          'The database server is PostgreSQL 14.23: the service needs 15 or newer.',
          'The database server lacks the ICU collations, which searches need: use one that is built with ICU.',
        ),
      );
    }));

  it('without triggers is refused', () =>
    withDatabase(async (url) => {
      await runSql(url, `ALTER DATABASE ${nameOf(url)} SET session_replication_role = replica`);
      expect(await cli(['sellers', 'list'], { DATABASE_URL: url })).toEqual(
        refusal(
          `The setting session_replication_role is replica for the role or the database "${nameOf(url)}": the service ` +
            'needs origin, the default.',
        ),
      );
    }));

  it('of a server without the extensions is refused', () =>
    withEmptyDatabase('', async (url) => {
      await runSql(url, 'CREATE SCHEMA pretended', NO_CONTRIB);
      const lacks = (name: string) =>
        `The database server lacks the extension ${name}: install PostgreSQL's "contrib" modules there.`;
      expect(await migrate(url + PRETEND)).toEqual(refusal(lacks('pg_trgm'), lacks('btree_gin')));
    }));

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

  it('has the tables that are checked, and no other', () =>
    withDatabase(async (url) => {
      const tables = await runSql(url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
      expect(tables.map(({ tablename }) => tablename).sort()).toEqual([...TABLES, 'migrations'].sort());
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
