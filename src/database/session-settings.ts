import type { Config } from '../config/config';

/** PostgreSQL's own settings, by name. */
export type Settings = Record<string, string | number>;

/** Where the tables are, unless the operator says otherwise: PostgreSQL's own default. */
export const SEARCH_PATH: Settings = { search_path: '"$user",public' };

/** What statements and the reading of their values rely on, whatever the defaults of the database or the role are. */
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

/** The settings of a connection: those that every statement relies on, its time limits, and what its purpose needs besides. */
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
  // What requests read has its index, which a plan made while a table is small, and kept, would else pass over.
  return sessionSettings(limits, { enable_seqscan: 'off' });
}

/**
 * For the connections that find out whether the database is fit. They set only what PostgreSQL before version 14 knows, too:
 * it would refuse the connection for an unknown setting, where the service has a sentence for servers that are too old.
 */
export const CHECK_SETTINGS: Settings = {
  ...COMMON,
  statement_timeout: 10_000,
  lock_timeout: 10_000,
  idle_in_transaction_session_timeout: 10_000,
};

/**
 * The settings as `options` of the first packet of a connection, so that they cost no statement. Those of the operator
 * may choose the schema, and win over nothing else that the service relies on.
 */
export function startupOptions(settings: Settings, ofOperator: string): string {
  return [asOptions(SEARCH_PATH), ofOperator, asOptions(settings)].filter(Boolean).join(' ');
}

function asOptions(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${String(value).replace(/[\\ ]/g, '\\$&')}`)
    .join(' ');
}
