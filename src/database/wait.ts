import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config';
import { connect } from './connection';
import { CHECK_SETTINGS } from './session-settings';
import { isNotThereYet } from './errors';
import { printError } from '../terminal';

const PAUSE_MS = 500;
const REPORT_EVERY = 10;

/**
 * Waits for a database that is still on its way up, and says so every few seconds on stderr.
 * @throws Error at once when the database is there and refuses, and when `signal` ends the wait.
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
