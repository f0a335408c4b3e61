import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config';
import { findEmbeddedPostgres, startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { printError } from '../terminal';
import { connect } from './connection';
import { isNotThereYet } from './errors';
import { CHECK_SETTINGS } from './session-settings';

const PAUSE_MS = 500;
const REPORT_EVERY = 10;

/** A database, and how to close it. */
export interface OpenDatabase {
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

/**
 * Waits for a database that is still starting, and says so every few seconds on stderr.
 * @throws Error at once when the database refuses the connection, and when `signal` ends the wait.
 */
export async function untilReachable(url: string, config: Config, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const error = await tryToConnect(url, config);
    if (error === undefined) return;
    if (!isNotThereYet(error)) throw error;
    if (signal.aborted) throw new Error('Stopped while waiting for the database.');
    if (attempt % REPORT_EVERY === 0) {
      const { code } = error as { code?: unknown };
      printError(`Waiting for the database: it can't be reached (${String(code ?? 'no answer')}).`);
    }
    await sleep(PAUSE_MS);
  }
}

async function tryToConnect(url: string, config: Config): Promise<unknown> {
  try {
    const client = await connect(url, {
      name: 'virtual-office-customers-start',
      connectTimeoutMs: config.databaseConnectTimeoutMs,
      settings: config.databasePooler === 'none' ? CHECK_SETTINGS : undefined,
    });
    await client.end().catch(() => undefined);
    return undefined;
  } catch (error) {
    return error;
  }
}
