import { Client, type ClientConfig, DatabaseError } from 'pg';
import { type Encryption, parseDatabaseUrl } from '../config/database-url';
import { isTlsError } from './errors';
import type { Config } from '../config/config';

export interface ConnectionOptions {
  /** The `application_name` that the database shows. */
  name: string;
  connectTimeoutMs: number;
  /** PGOPTIONS. */
  pgoptions?: string;
  /**
   * All settings that its statements rely on, so that the defaults of the database and the role do not matter. Undefined
   * behind a pooler, which refuses them: there, the role has them.
   */
  settings: Settings | undefined;
}

/** SQLSTATE of a server that takes the connection only with, or only without, encryption. */
const NOT_ALLOWED = '28000';

/** What PgBouncer says of settings in the first packet, unless it is told to ignore them. */
const REFUSED_SETTINGS = /unsupported startup parameter/;

export const BEHIND_POOLER =
  'The database does not take the settings of a connection, as behind PgBouncer: set DATABASE_POOLER=transaction ' +
  '(docs/operations.md, "Behind PgBouncer").';

/** By URL: the encryption that worked for the first connection of the process, where `sslmode` leaves the choice open. */
const workingEncryption = new Map<string, Encryption>();

/** How a client of `pg`, or a pool of them, connects to the database of a URL. */
export function connectionTo(url: string, options: ConnectionOptions): ClientConfig {
  const { settings, pgoptions = '' } = options;
  const { encryptions, options: ofUrl, applicationName, ...address } = parseDatabaseUrl(url);
  return {
    ...address,
    // The start connects once before there is a pool. Without that, a connection is unencrypted where that is allowed.
    ssl: workingEncryption.get(url) ?? (encryptions.includes(false) ? false : encryptions[0]),
    application_name: applicationName ?? options.name,
    connectionTimeoutMillis: options.connectTimeoutMs,
    options: settings ? startupOptions(settings, `${ofUrl} ${pgoptions}`.trim()) : ofUrl || undefined,
  };
}

/**
 * Opens a single connection. Remembers for all later ones which encryption worked.
 * @throws Error of `pg` when no connection can be opened, or one that says what to set behind a pooler.
 */
export async function connect(url: string, options: ConnectionOptions): Promise<Client> {
  const { encryptions } = parseDatabaseUrl(url);
  const known = workingEncryption.get(url);
  const [first, ...others] =
    known === undefined ? encryptions : [known, ...encryptions.filter((one) => !same(one, known))];
  for (let ssl = first; ; ssl = others.shift()) {
    const client = new Client({ ...connectionTo(url, options), ssl });
    // A later failure shows at the next statement. Without a listener, its event would end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      if (ssl !== undefined) workingEncryption.set(url, ssl);
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (REFUSED_SETTINGS.test(String(error))) throw new Error(BEHIND_POOLER, { cause: error });
      if (others.length === 0 || !isOfEncryption(error)) throw error;
    }
  }
}

function same(one: Encryption, other: Encryption): boolean {
  return Boolean(one) === Boolean(other);
}

function isOfEncryption(error: unknown): boolean {
  return isTlsError(error) || (error instanceof DatabaseError && error.code === NOT_ALLOWED);
}

/** PostgreSQL's own settings, by name. */
export type Settings = Record<string, string | number>;

/** The schemas of the tables, unless the operator says otherwise: PostgreSQL's own default. */
export const SEARCH_PATH: Settings = { search_path: '"$user",public' };

/** What statements, and the parsing of their values, rely on, whatever the defaults of the database or the role are. */
const COMMON: Settings = {
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: 1,
  array_nulls: 'on',
  transform_null_equals: 'off',
  standard_conforming_strings: 'on',
  gin_fuzzy_search_limit: 0,
  // With enable_seqscan off, the cost of a plan that scans a table is so high that JIT would compile even short
  // statements.
  jit: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
};

/** In milliseconds; 0 is no limit. */
interface TimeLimits {
  statement_timeout: number;
  lock_timeout: number;
  idle_in_transaction_session_timeout: number;
}

/** All settings of a connection: the common ones, its time limits, and those of its purpose. */
export function sessionSettings(limits: TimeLimits, ofPurpose: Settings = {}): Settings {
  return { ...COMMON, idle_session_timeout: 0, ...limits, ...ofPurpose };
}

/** For the statements of requests and commands. */
export function serviceSettings(config: Config): Settings {
  const limits = {
    statement_timeout: config.databaseStatementTimeoutMs,
    lock_timeout: config.databaseLockTimeoutMs,
    idle_in_transaction_session_timeout: config.databaseIdleInTransactionTimeoutMs,
  };
  // Every read has an index. A plan that is made while a table is small, and kept, would scan the table instead.
  return sessionSettings(limits, { enable_seqscan: 'off' });
}

/**
 * For connections that check the database. PostgreSQL before version 14 refuses a connection with an unknown setting, so
 * these hold none that it lacks: the service then says that the server is too old.
 */
export const CHECK_SETTINGS: Settings = {
  ...COMMON,
  statement_timeout: 10_000,
  lock_timeout: 10_000,
  idle_in_transaction_session_timeout: 10_000,
};

/**
 * The settings as the startup parameter `options` of a connection, so that they cost no statement. The operator's may choose
 * the schema; of the others that both name, the service's win.
 */
export function startupOptions(settings: Settings, ofOperator: string): string {
  return [asOptions(SEARCH_PATH), ofOperator, asOptions(settings)].filter(Boolean).join(' ');
}

function asOptions(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${String(value).replace(/[\\ ]/g, '\\$&')}`)
    .join(' ');
}
