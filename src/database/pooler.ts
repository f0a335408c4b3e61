import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { Config } from '../config/config';
import { connect, serviceSettings, type Settings } from './connection';

/** Time limits are in milliseconds, as in our own settings. */
const FIND_SETTINGS = `SELECT lower(name) AS name, setting FROM pg_settings WHERE lower(name) = ANY($1)`;

/**
 * Checks a pooler that shares connections by transaction. It takes no settings from the service, so that the role has to
 * bring those that the service relies on; and it may not know prepared statements.
 * @throws Error that says what to set.
 */
export async function requirePooler(url: string, config: Config): Promise<void> {
  const client = await connect(url, {
    name: 'virtual-office-customers-start',
    connectTimeoutMs: config.databaseConnectTimeoutMs,
    settings: undefined,
  });
  try {
    await requireSettings(client, config);
    if (config.databasePreparedStatements) await requirePreparedStatements(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function requireSettings(client: Client, config: Config): Promise<void> {
  const missing = await findMissingSettings(client, serviceSettings(config));
  if (missing.length === 0) return;
  const names = await client.query(
    'SELECT quote_ident(current_user) AS role, quote_ident(current_database()) AS database',
  );
  const { role, database } = names.rows[0];
  const sentence =
    'Behind a pooler the role has to bring its settings along. Run these statements, and then RECONNECT on the console of ' +
    'PgBouncer:';
  const statements = missing.map(
    ([name, value]) => `ALTER ROLE ${role} IN DATABASE ${database} SET ${name} = '${value}';`,
  );
  throw new AggregateError([sentence, ...statements].map((line) => new Error(line)));
}

/** Those of the settings that a connection does not have. */
export async function findMissingSettings(client: Client, settings: Settings): Promise<[string, string | number][]> {
  const wanted = Object.entries(settings);
  const { rows } = await client.query(FIND_SETTINGS, [wanted.map(([name]) => name.toLowerCase())]);
  const actual = new Map(rows.map(({ name, setting }) => [name, String(setting).toLowerCase()]));
  return wanted.filter(([name, value]) => actual.get(name.toLowerCase()) !== String(value).toLowerCase());
}

/** A pooler that knows prepared statements gives them other names on the server; one that does not mixes up its clients'. */
async function requirePreparedStatements(client: Client): Promise<void> {
  const name = `check_${randomUUID()}`;
  await client.query('BEGIN');
  await client.query({ name, text: 'SELECT 1' });
  const { rowCount } = await client.query('SELECT FROM pg_prepared_statements WHERE name = $1', [name]);
  if (rowCount) await client.query(`DEALLOCATE "${name}"`);
  await client.query('COMMIT');
  if (!rowCount) return;
  throw new Error(
    'The pooler does not know prepared statements: set DATABASE_PREPARED_STATEMENTS=false, or use PgBouncer 1.21 or newer ' +
      'with max_prepared_statements above 0.',
  );
}
