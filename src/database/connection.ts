import { Client, type ClientConfig, DatabaseError } from 'pg';
import { type Encryption, parseDatabaseUrl } from '../config/database-url';
import { type Settings, startupOptions } from './session-settings';
import { isTlsError } from './errors';

export interface ConnectionOptions {
  /** What the database shows as the name of the application. */
  name: string;
  connectTimeoutMs: number;
  /** PGOPTIONS. */
  pgoptions?: string;
  /**
   * All that its statements rely on: nothing is left to the defaults of the database or the role. Undefined behind a pooler,
   * which takes no settings: there, the role has them.
   */
  settings: Settings | undefined;
}

/** What a server says of a connection that it takes only with, or only without, encryption. */
const NOT_ALLOWED = '28000';

/** By URL: where `sslmode` leaves it open whether to encrypt, what the first connection of the process found to work. */
const found = new Map<string, Encryption>();

/** How a client of `pg`, or a pool of them, connects to the database of a URL. */
export function connectionTo(url: string, options: ConnectionOptions): ClientConfig {
  const { settings, pgoptions = '' } = options;
  const { encryptions, options: ofUrl, applicationName, ...address } = parseDatabaseUrl(url);
  return {
    ...address,
    // The start finds out before there is a pool. Who has not asked, goes unencrypted where that is allowed.
    ssl: found.get(url) ?? (encryptions.includes(false) ? false : encryptions[0]),
    application_name: applicationName ?? options.name,
    connectionTimeoutMillis: options.connectTimeoutMs,
    options: settings ? startupOptions(settings, `${ofUrl} ${pgoptions}`.trim()) : ofUrl || undefined,
  };
}

/**
 * Opens a connection by itself. Finds out, for all that follow, whether it is to be encrypted.
 * @throws Error of `pg` when there is none to be had.
 */
export async function connect(url: string, options: ConnectionOptions): Promise<Client> {
  const { encryptions } = parseDatabaseUrl(url);
  const known = found.get(url);
  const [first, ...others] =
    known === undefined ? encryptions : [known, ...encryptions.filter((one) => !same(one, known))];
  for (let ssl = first; ; ssl = others.shift()) {
    const client = new Client({ ...connectionTo(url, options), ssl });
    // What comes after the answer to `connect` shows at the next statement.
    client.on('error', () => undefined);
    try {
      await client.connect();
      if (ssl !== undefined) found.set(url, ssl);
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
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
