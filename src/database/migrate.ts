import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseError } from 'pg';
import { DataSource, type MigrationInterface, type QueryFailedError, type QueryRunner } from 'typeorm';
import { migrations } from '../../migrations';
import type { Config } from '../config/config';
import { printError } from '../terminal';
import { connectionTo, sessionSettings } from './connection';
import { requirePooler } from './pooler';
import { requireMayMigrate, requireMayUse, requireSupported, TABLES } from './prerequisites';

/** An arbitrary number that nothing else on the database uses. */
const MIGRATION_LOCK = 4_815_162_342;

const POLL_MS = 100;
/** In polls: after a second, and then every ten. */
const REPORT_FIRST = 10;
const REPORT_EVERY = 100;
const CONNECT_TIMEOUT_MS = 10_000;

/** How long a migration waits for a lock, how often it tries, and how long it lets others work in between. */
const LOCK_TIMEOUT_MS = 1000;
const ATTEMPTS = 30;
const PAUSE_MS = 1000;
/** No limit for statements: the index of a large table may take hours. */
const SETTINGS = sessionSettings({
  lock_timeout: LOCK_TIMEOUT_MS,
  statement_timeout: 0,
  idle_in_transaction_session_timeout: 0,
});
/** The table that TypeORM keeps of migrations, and those that our first migration would make. */
const FIND_TABLES = `
  SELECT current_schema() AS schema, to_regclass('migrations') IS NOT NULL AS has_migrations,
         (SELECT count(*) = 2 FROM pg_attribute
           WHERE attrelid = to_regclass('migrations') AND attname IN ('id', 'name') AND NOT attisdropped) AS has_names,
         ARRAY(SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL) AS tables`;

const LOCK_NOT_AVAILABLE = '55P03';

/** How to connect. Migrations can't pass a pooler, as their lock belongs to a connection. */
type ConnectOptions = Partial<Pick<Config, 'pgoptions' | 'databasePooler'>>;

export interface MigrateOptions {
  /** Ends the wait for other instances, and for locked tables. */
  signal?: AbortSignal;
  pgoptions?: string;
}

/**
 * Runs the pending migrations, on one instance at a time. Says on stderr that it waits.
 * @returns the names of the migrations that were run.
 * @throws Error when a table stays locked, or `signal` ends the wait.
 */
export async function migrate(url: string, { signal, pgoptions }: MigrateOptions = {}): Promise<string[]> {
  return withMigrations(url, { pgoptions }, async (database, runner) => {
    if ((await pendingMigrations(runner)).length > 0) await requireMayMigrate(runner);
    await lock(runner, signal);
    const done = await retryOnLock(() => database.runMigrations({ transaction: 'each' }), signal);
    return done.map(({ name }) => name);
  });
}

/**
 * Checks that all migrations have run. It only reads, so that any role may call it.
 * @throws Error when a database lacks a migration that this version of the code relies on, or the role a privilege.
 */
export async function requireUpToDate(url: string, config: Config): Promise<void> {
  if (config.databasePooler === 'transaction') await requirePooler(url, config);
  await withMigrations(url, config, async (_, runner) => {
    await requireMayUse(runner);
    if ((await pendingMigrations(runner)).length === 0) return;
    throw new Error('The database is not up to date. Run "npm run migrate" first.');
  });
}

async function pendingMigrations(runner: QueryRunner): Promise<string[]> {
  const done = new Set(await doneMigrations(runner));
  return migrations.map(({ name }) => name).filter((name) => !done.has(name));
}

/**
 * The names of the migrations that have been run, the last one first. TypeORM's own look-up would create the table.
 * @throws Error when tables with the names of ours belong to another application.
 */
async function doneMigrations(runner: QueryRunner): Promise<string[]> {
  const [found] = await runner.query(FIND_TABLES, [TABLES]);
  const rows = found.has_names ? await runner.query('SELECT name FROM migrations ORDER BY id DESC') : [];
  const done: string[] = rows.map(({ name }: { name: string }) => name);
  const isMigrationsOfOthers = found.has_migrations && (!found.has_names || done.length > 0);
  const tables = [...(isMigrationsOfOthers ? ['migrations'] : []), ...found.tables];
  if (tables.length === 0 || done.some(isOurs)) return done;
  throw new Error(
    `The schema "${found.schema}" has tables of another application (${tables.join(', ')}): give the service a database of ` +
      'its own, or a schema by PGOPTIONS="-c search_path=…".',
  );
}

function isOurs(name: string): boolean {
  return migrations.some((migration) => migration.name === name);
}

/** Tries again when a table is locked. A single long wait would hold up every later statement on that table. */
async function retryOnLock<T>(work: () => Promise<T>, signal?: AbortSignal, attempt = 1): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = (error as Partial<QueryFailedError<DatabaseError>>).driverError ?? {};
    if (code !== LOCK_NOT_AVAILABLE || attempt === ATTEMPTS) throw error;
    if (attempt === 1) printError('Waiting for a table that a migration changes: somebody else has locked it.');
    await pause(PAUSE_MS, signal);
    return retryOnLock(work, signal, attempt + 1);
  }
}

async function withMigrations<T>(
  url: string,
  { pgoptions, databasePooler = 'none' }: ConnectOptions,
  use: (database: DataSource, runner: QueryRunner) => Promise<T>,
): Promise<T> {
  const isPooled = databasePooler !== 'none';
  await requireSupported(url, { connectTimeoutMs: CONNECT_TIMEOUT_MS, isPooled });
  const extra = connectionTo(url, {
    name: 'virtual-office-customers-migrations',
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    pgoptions,
    settings: isPooled ? undefined : SETTINGS,
  });
  const database = await new DataSource({ type: 'postgres', migrations, extra }).initialize();
  const runner = database.createQueryRunner();
  try {
    return await use(database, runner);
  } finally {
    await runner.release();
    await database.destroy();
  }
}

/**
 * Takes the lock of migrations by polling. A session that waits inside `pg_advisory_lock` holds a snapshot, and the
 * `CREATE INDEX CONCURRENTLY` of the instance that has the lock would wait for it. The lock ends with the connection.
 */
export async function lock(runner: QueryRunner, signal?: AbortSignal): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const [row] = await runner.query(`SELECT pg_try_advisory_lock($1) AS locked`, [MIGRATION_LOCK]);
    if (row.locked) return;
    if (attempt % REPORT_EVERY === REPORT_FIRST) printError('Waiting for the migrations of another instance.');
    await pause(POLL_MS, signal);
  }
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) throw new Error('Stopped while waiting to migrate the database.');
  await sleep(ms);
}

/**
 * The names of the last `count` migrations that were run, the last one first. Reads only.
 * @throws Error when there are fewer.
 */
export function lastMigrations(url: string, count: number, pgoptions?: string): Promise<string[]> {
  return withMigrations(url, { pgoptions }, (_, runner) => findLast(runner, count));
}

/**
 * Undoes the last `count` migrations, each in its own transaction. The data that only they hold is lost.
 * @returns the names of what was undone, in that order.
 * @throws Error when there are fewer, and nothing is undone then.
 */
export function migrateDown(url: string, count: number, pgoptions?: string): Promise<string[]> {
  return withMigrations(url, { pgoptions }, async (database, runner) => {
    await lock(runner);
    const names = await findLast(runner, count);
    for (const name of names) {
      const transaction = needsNoTransaction(name) ? 'none' : 'all';
      await retryOnLock(() => database.undoLastMigration({ transaction }));
    }
    return names;
  });
}

async function findLast(runner: QueryRunner, count: number): Promise<string[]> {
  const done = await doneMigrations(runner);
  if (count > done.length) throw new Error(`${count} migrations can't be undone: only ${done.length} have been run.`);
  const names = done.slice(0, count);
  const unknown = names.filter((name) => !isOurs(name));
  if (unknown.length === 0) return names;
  throw new Error(`This version does not know ${unknown.join(', ')}: undo it with the version that has run it.`);
}

function needsNoTransaction(name: string): boolean {
  const Migration = migrations.find((migration) => migration.name === name);
  const migration: MigrationInterface | undefined = Migration && new Migration();
  return migration?.transaction === false;
}
