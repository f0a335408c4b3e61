/** PostgreSQL's own settings, by name. */
export type Settings = Record<string, string | number>;

/** Where the tables are, unless the operator says otherwise: PostgreSQL's own default. */
export const SEARCH_PATH: Settings = { search_path: '"$user",public' };

/** What statements and the reading of their values rely on, whatever the defaults of the database or the role are. */
const RELIED_ON: Settings = {
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
  idle_session_timeout: 0,
};

/** What a connection sets: the settings that the service relies on, and some that its purpose needs. */
export function sessionSettings(ofPurpose: Settings): Settings {
  return { ...RELIED_ON, ...ofPurpose };
}

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
