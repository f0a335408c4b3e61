import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import type { Config } from '../config/config';
import { printError } from '../terminal';
import { BEHIND_POOLER, CHECK_SETTINGS, connect, SEARCH_PATH } from './connection';
import { isNotThereYet } from './errors';
import { findMissingSettings } from './pooler';

/** How often to try a database that is still starting, and after how many attempts to say so again. */
const POLL_MS = 500;
const REPORT_EVERY = 10;

const OLDEST_VERSION = 150_000;

/** What the migrations create or use, in the order in which they are to be installed. */
const EXTENSIONS = ['plpgsql', 'pg_trgm', 'btree_gin'];

/** The tables that the service reads and writes. */
export const TABLES = [
  'sellers',
  'api_keys',
  'customers',
  'customer_history',
  'customer_deletions',
  'portal_sessions',
  'idempotency_records',
  'event_log',
  'event_log_ticks',
  'webhooks',
  'webhook_deliveries',
];

const FIND_SERVER = `
  SELECT current_database() AS database, current_setting('server_version') AS version,
         current_setting('server_version_num')::int AS version_number, current_setting('server_encoding') AS encoding,
         EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') AS has_icu,
         current_setting('session_replication_role') AS replication_role`;

const FIND_SESSION = `
  SELECT current_user AS role, current_database() AS database, current_schema() AS schema,
         current_setting('search_path') AS search_path, pg_is_in_recovery() AS is_standby,
         has_schema_privilege(current_schema(), 'CREATE') AS may_create,
         has_database_privilege(current_database(), 'CREATE') AS may_extend,
         (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser`;

/** The schemas that have our tables. At least four of the names have to match, as others may use some of them. */
const FIND_SCHEMAS = `
  SELECT nspname AS schema, has_schema_privilege(namespace.oid, 'USAGE') AS may_use
    FROM pg_namespace AS namespace
   WHERE (SELECT count(*) FROM pg_class WHERE relnamespace = namespace.oid AND relname = ANY($1)) >= 4`;

const FIND_EXTENSIONS = `
  SELECT wanted.name, nspname AS schema, available.name IS NOT NULL AS is_available,
         COALESCE(bool_or(version.trusted), false) AS is_trusted, nspname = ANY(current_schemas(true)) AS is_in_path
    FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, position)
    LEFT JOIN pg_extension ON extname = wanted.name
    LEFT JOIN pg_namespace AS namespace ON namespace.oid = extnamespace
    LEFT JOIN pg_available_extensions AS available ON available.name = wanted.name
    LEFT JOIN pg_available_extension_versions AS version ON version.name = wanted.name
   GROUP BY wanted.name, position, nspname, available.name ORDER BY position`;

const FIND_OTHERS_TABLES = `
  SELECT relname AS table, pg_get_userbyid(relowner) AS owner FROM pg_class
   WHERE oid IN (SELECT to_regclass(name) FROM unnest($1::text[]) AS name) AND NOT pg_has_role(relowner, 'USAGE')
   ORDER BY relname LIMIT 1`;

const FIND_DENIED = `
  SELECT name AS table, string_agg(privilege, ', ' ORDER BY position) AS privileges
    FROM unnest($1::text[]) AS name,
         unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) WITH ORDINALITY AS needed (privilege, position)
   WHERE to_regclass(name) IS NOT NULL AND NOT has_table_privilege(to_regclass(name), privilege)
     AND (name <> 'migrations' OR privilege = 'SELECT')
   GROUP BY name ORDER BY name`;

/**
 * Waits for a database that is still starting, and says so every few seconds on stderr.
 * @throws Error at once when the database refuses the connection, and when `signal` ends the wait.
 */
export async function untilReachable(url: string, config: Config, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const error = await tryToConnect(url, config);
    if (error === undefined) return;
    if (!isNotThereYet(error)) throw error;
    if (signal.aborted) throw new Error('Stopped while waiting for the database.');
    if (attempt % REPORT_EVERY === 0) {
      const { code } = error as { code?: unknown };
      printError(`Waiting for the database: it can't be reached (${String(code ?? 'no answer')}).`);
    }
    await sleep(POLL_MS);
  }
}

async function tryToConnect(url: string, config: Config): Promise<unknown> {
  try {
    const client = await connect(url, {
      name: 'virtual-office-customers-start',
      connectTimeoutMs: config.databaseConnectTimeoutMs,
      settings: config.databasePooler === 'none' ? CHECK_SETTINGS : undefined,
    });
    await client.end().catch(() => undefined);
    return undefined;
  } catch (error) {
    return error;
  }
}

interface CheckOptions {
  connectTimeoutMs: number;
  /** Whether a pooler is between, which takes no settings. */
  isPooled: boolean;
}

/**
 * Checks the version, the encoding and the ICU collations, before anything else.
 * @throws Error with a sentence for each problem.
 */
export async function requireSupported(url: string, { connectTimeoutMs, isPooled }: CheckOptions): Promise<void> {
  const client = await connect(url, {
    name: 'virtual-office-customers-start',
    connectTimeoutMs,
    settings: isPooled ? undefined : CHECK_SETTINGS,
  });
  try {
    const { rows } = await client.query(FIND_SERVER);
    const { database, version, version_number, encoding, has_icu, replication_role } = rows[0];
    const problems = [];
    if (version_number < OLDEST_VERSION)
      problems.push(`The database server is PostgreSQL ${version}: the service needs 15 or newer.`);
    if (encoding !== 'UTF8')
      problems.push(
        `The encoding of the database "${database}" is ${encoding}: the service needs one that was created with ` +
          `ENCODING 'UTF8' TEMPLATE template0.`,
      );
    if (!has_icu)
      problems.push(
        'The database server lacks the ICU collations, which searches need: use one that is built with ICU.',
      );
    // Without triggers, searches would not find what is written.
    if (replication_role !== 'origin')
      problems.push(
        `The setting session_replication_role is ${replication_role} for the role or the database "${database}": the ` +
          'service needs origin, the default.',
      );
    refuse(problems);
    // A pooler may be told to ignore the settings of connections, and does so silently.
    if (!isPooled && (await findMissingSettings(client, CHECK_SETTINGS)).length > 0) refuse([BEHIND_POOLER]);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Checks before the first migration that the role may run all of them.
 * @throws Error with a sentence for each problem.
 */
export async function requireMayMigrate(runner: QueryRunner): Promise<void> {
  await requireRightSchema(runner);
  const [session] = await runner.query(FIND_SESSION);
  const { role, schema, search_path, is_standby, may_create } = session;
  if (is_standby) refuse(['The database is a standby, which can not be migrated: name the primary.']);
  const problems = [];
  if (schema === null) problems.push(`No schema of the search_path ${search_path} is there.`);
  else if (!may_create)
    problems.push(
      `The role "${role}" may not create tables in the schema "${schema}": GRANT CREATE ON SCHEMA "${schema}" TO "${role}", ` +
        'or set MIGRATION_DATABASE_URL, for a role that may.',
    );
  for (const extension of await runner.query(FIND_EXTENSIONS, [EXTENSIONS])) {
    problems.push(...problemsOfExtension(extension, session));
  }
  for (const { table, owner } of await runner.query(FIND_OTHERS_TABLES, [[...TABLES, 'migrations']])) {
    problems.push(
      `The role "${role}" does not own the table "${table}", so that it may not migrate it: set MIGRATION_DATABASE_URL, ` +
        `for the role "${owner}".`,
    );
  }
  refuse(problems);
}

/**
 * Checks that the role may read and write all tables.
 * @throws Error with a sentence for each table.
 */
export async function requireMayUse(runner: QueryRunner): Promise<void> {
  await requireRightSchema(runner);
  const denied = await runner.query(FIND_DENIED, [[...TABLES, 'migrations']]);
  if (denied.length === 0) return;
  const [{ role }] = await runner.query(FIND_SESSION);
  refuse(
    denied.map(
      ({ table, privileges }: Record<string, string>) =>
        `The role "${role}" lacks ${privileges} on the table "${table}": docs/operations.md has the grants that it needs.`,
    ),
  );
}

/** Refuses a schema without our tables when another one has them: migrations would make empty tables there. */
async function requireRightSchema(runner: QueryRunner): Promise<void> {
  const [{ role, search_path }] = await runner.query(FIND_SESSION);
  const [{ found }] = await runner.query(`SELECT to_regclass('customers') IS NOT NULL AS found`);
  // An operator who names the schemas means them.
  if (found || search_path !== SEARCH_PATH.search_path) return;
  const schemas: { schema: string; may_use: boolean }[] = await runner.query(FIND_SCHEMAS, [TABLES]);
  refuse(
    schemas.map(({ schema, may_use }) =>
      may_use
        ? `The tables are in the schema "${schema}", where nobody looks: set PGOPTIONS="-c search_path=${schema}".`
        : `The role "${role}" may not use the schema "${schema}", which has the tables: GRANT USAGE ON SCHEMA "${schema}" TO "${role}".`,
    ),
  );
}

interface Extension {
  name: string;
  schema: string | null;
  is_available: boolean;
  is_trusted: boolean;
  is_in_path: boolean | null;
}

function problemsOfExtension(
  { name, schema, is_available, is_trusted, is_in_path }: Extension,
  { role, database, search_path, may_extend, is_superuser }: Record<string, unknown>,
): string[] {
  if (schema !== null) {
    if (is_in_path) return [];
    return [
      `The extension ${name} is in the schema "${schema}", where nobody looks: ` +
        `set PGOPTIONS='-c search_path=${search_path},${schema}'.`,
    ];
  }
  if (!is_available) {
    return [`The database server lacks the extension ${name}: install PostgreSQL's "contrib" modules there.`];
  }
  if (is_superuser || (is_trusted && may_extend)) return [];
  return [
    `The role "${role}" may not create the extension ${name}: let a superuser run CREATE EXTENSION ${name} in the database ` +
      `"${database}"${is_trusted ? `, or GRANT CREATE ON DATABASE "${database}" TO "${role}"` : ''}.`,
  ];
}

/** @throws Error with all the sentences, if there is one. */
function refuse(problems: string[]): void {
  if (problems.length === 1) throw new Error(problems[0]);
  if (problems.length > 1) throw new AggregateError(problems.map((problem) => new Error(problem)));
}
