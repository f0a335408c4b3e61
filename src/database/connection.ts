import { Client, type ClientConfig, DatabaseError } from 'pg';
import { type Encryption, parseDatabaseUrl } from '../config/database-url';
import { type Settings, startupOptions } from './session-settings';
import { isTlsError } from './errors';

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
