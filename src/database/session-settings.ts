import type { Config } from '../config/config';

/** PostgreSQL's own settings, by name. */
export type Settings = Record<string, string | number>;

/** Where the tables are, unless the operator says otherwise: PostgreSQL's own default. */
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
  // It would compile even short statements: with enable_seqscan off, a plan that scans a table costs more than any limit.
  jit: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
};

/** In milliseconds; 0 is no limit. */
export interface TimeLimits {
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
