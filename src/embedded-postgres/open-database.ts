import type { Config } from '../config/config';
import { findEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres';

/** A database, and how to close it. */
interface OpenDatabase {
  url: string;
  isEmbedded: boolean;
  /** Stops an embedded server. `atOnce`: without waiting for connections that are still open. */
  close(atOnce: boolean): Promise<void>;
}

/**
 * The database of the configuration. Without one, and where that is allowed, starts an embedded PostgreSQL.
 * @throws Error when there is neither.
 */
export async function openDatabase(
  { databaseUrl, dataDir }: Config,
  { allowEmbedded }: { allowEmbedded: boolean },
): Promise<OpenDatabase> {
  if (databaseUrl) return { url: databaseUrl, isEmbedded: false, close: async () => undefined };
  if (!allowEmbedded) {
    throw new Error('DATABASE_URL is not set. Set it, or use "npm start" for an embedded PostgreSQL.');
  }
  const server = await startEmbeddedPostgres(dataDir);
  return { url: server.url, isEmbedded: true, close: (atOnce) => server.stop({ atOnce }) };
}

/** The URL of the configured database, or of the embedded one of a service that runs on the data folder. */
export async function findDatabase({ databaseUrl, dataDir }: Config): Promise<string> {
  const url = databaseUrl ?? (await findEmbeddedPostgres(dataDir));
  if (url) return url;
  throw new Error(
    `No database: DATABASE_URL is not set, and no service runs on ${dataDir}. Start one with "npm start".`,
  );
}
