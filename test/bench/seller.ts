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
  { signal }: Cleanup,
  databaseUrl: string,
  customers: number,
  cwd: string,
): Promise<Seller> {
  const options = { cwd, env: { ...process.env, DATABASE_URL: databaseUrl }, signal };
  const cli = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args, '--json'], options);
    return JSON.parse(stdout);
  };
  const { id } = await cli('sellers', 'create', '--name', 'Benchmark');
  const { key } = await cli('keys', 'create', '--seller', id, '--name', 'Benchmark');
  await fillCustomers(databaseUrl, id, customers);
  return { id, key, customers };
}
