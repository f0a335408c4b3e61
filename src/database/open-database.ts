import type { Config } from '../config/config';
import { findEmbeddedPostgres, startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';

/** A database to work on, and how to let go of it. */
export interface OpenDatabase {
  url: string;
  isEmbedded: boolean;
  /** `atOnce`: without waiting for connections that are still open. */
  close(atOnce: boolean): Promise<void>;
}

/**
 * The database that the configuration names, or else, where that is allowed, an embedded PostgreSQL in the data folder.
 * @throws Error when neither is to be had.
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

/** The URL of the configured database, or of the embedded one that a running service keeps in the data folder. */
export async function findDatabase({ databaseUrl, dataDir }: Config): Promise<string> {
  const url = databaseUrl ?? (await findEmbeddedPostgres(dataDir));
  if (url) return url;
  throw new Error(
    `No database: DATABASE_URL is not set, and no service runs on ${dataDir}. Start one with "npm start".`,
  );
}
