import type { ClientConfig } from 'pg';
import { parse } from 'pg-connection-string';
import { sessionSettings, type Settings, startupOptions } from './session-settings';

export interface ConnectionOptions {
  /** What the database shows as the name of the application. */
  name: string;
  connectTimeoutMs: number;
  /** PGOPTIONS. */
  pgoptions?: string;
  /** What this kind of connection needs besides what all of them rely on; without it, the database's defaults are kept. */
  settings?: Settings;
}

/** How a client of `pg`, or a pool of them, connects to the database of a URL. */
export function connectionTo(url: string, options: ConnectionOptions): ClientConfig {
  const { settings, pgoptions = '' } = options;
  const { host, port, user, password, database, options: ofUrl = '', application_name } = parse(url);
  return {
    host: host ?? undefined,
    port: port ? Number(port) : undefined,
    user,
    password,
    database: database ?? undefined,
    application_name: application_name ?? options.name,
    connectionTimeoutMillis: options.connectTimeoutMs,
    options: settings && startupOptions(sessionSettings(settings), `${ofUrl} ${pgoptions}`.trim()),
  };
}
