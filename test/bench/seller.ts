import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Cleanup } from './cleanup';
import { fillCustomers } from './customers';

const CLI = join(__dirname, '../../src/cli/main.js');

export interface Seller {
  id: string;
  key: string;
  /** How many it has. */
  customers: number;
}

/** Makes a seller with a key and many customers in a migrated database. */
export async function createSeller(
  cleanup: Cleanup,
  databaseUrl: string,
  customers: number,
  cwd: string,
): Promise<Seller> {
  const cli = commandLine(cleanup, databaseUrl, cwd);
  const { id } = await cli('sellers', 'create', '--name', 'Benchmark');
  const { key } = await cli('keys', 'create', '--seller', id, '--name', 'Benchmark');
  await fillCustomers(databaseUrl, id, customers);
  return { id, key, customers };
}

/** Gives a seller some webhooks that tell a receiver of everything. */
export async function createWebhooks(
  cleanup: Cleanup,
  databaseUrl: string,
  serviceUrl: string,
  { id }: Seller,
  receiverUrl: string,
  count: number,
  cwd: string,
): Promise<void> {
  const cli = commandLine(cleanup, databaseUrl, cwd);
  const { key } = await cli('keys', 'create', '--seller', id, '--name', 'Webhooks', '--scopes', 'webhooks:manage');
  for (let i = 0; i < count; i++) {
    const { ok, status } = await fetch(`${serviceUrl}/api/webhooks`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ url: receiverUrl }),
    });
    if (!ok) throw new Error(`A webhook was refused: ${status}.`);
  }
}

function commandLine({ signal }: Cleanup, databaseUrl: string, cwd: string) {
  const options = { cwd, env: { ...process.env, DATABASE_URL: databaseUrl }, signal };
  return async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args, '--json'], options);
    return JSON.parse(stdout);
  };
}
