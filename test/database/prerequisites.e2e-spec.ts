import { TABLES } from '../../src/database/prerequisites';
import { runSql, withDatabase, withEmptyDatabase } from '../support/database';
import { cli, refusal, ServiceProcess } from '../support/process';

/** Has a database look as if its server were another: what is in the schema is found before PostgreSQL's own. */
const PRETEND = `?options=${encodeURIComponent('-c search_path=pretended,pg_catalog,public')}`;
const OLD_SERVER = `CREATE FUNCTION pretended.current_setting(name text) RETURNS text LANGUAGE sql RETURN
  CASE name WHEN 'server_version_num' THEN '140023' WHEN 'server_version' THEN '14.23' ELSE pg_catalog.current_setting(name) END`;
const NO_ICU = `CREATE VIEW pretended.pg_collation AS SELECT * FROM pg_catalog.pg_collation WHERE collprovider <> 'i'`;
const NO_CONTRIB = `CREATE VIEW pretended.pg_available_extensions AS SELECT * FROM pg_catalog.pg_available_extensions
  WHERE name NOT IN ('pg_trgm', 'btree_gin')`;

const nameOf = (url: string) => new URL(url).pathname.slice(1);
const migrate = (url: string) => cli(['migrate'], { DATABASE_URL: url });

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

  it('has the tables that are checked, and no other', () =>
    withDatabase(async (url) => {
      const tables = await runSql(url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
      expect(tables.map(({ tablename }) => tablename).sort()).toEqual([...TABLES, 'migrations'].sort());
    }));
});
