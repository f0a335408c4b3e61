import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { Cleanup } from './cleanup';

const CLI = join(__dirname, '../../src/cli/main.js');

export const CUSTOMERS = 10_000;

/** The id of the nth customer, from 1 on, in SQL: in the order of creation, as the service's own are. */
export const ID_SQL = (n: string) => `CAST('01900000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0') AS uuid)`;

export interface Seller {
  id: string;
  key: string;
}

export function randomCustomerId(): string {
  const n = 1 + Math.floor(Math.random() * CUSTOMERS);
  return `01900000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** Makes a seller with a key and many customers in a migrated database. */
export async function createSeller({ signal }: Cleanup, databaseUrl: string, cwd: string): Promise<Seller> {
  const options = { cwd, env: { ...process.env, DATABASE_URL: databaseUrl }, signal };
  const cli = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args, '--json'], options);
    return JSON.parse(stdout) as Seller;
  };
  const { id } = await cli('sellers', 'create', '--name', 'Benchmark');
  const { key } = await cli('keys', 'create', '--seller', id, '--name', 'Benchmark');
  await insertCustomers(databaseUrl, id);
  return { id, key };
}

async function insertCustomers(databaseUrl: string, sellerId: string): Promise<void> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    const address = { street: 'Musterstraße 123', city: 'Berlin', postal_code: '10115', country: 'Germany' };
    await client.query(
      `INSERT INTO customers (seller_id, id, first_name, last_name, email, company_name, language, address_data,
                              status, source, created_at, updated_at)
       SELECT $1, ${ID_SQL('n')}, 'Jane', 'Doe', 'jane.doe.' || n || '@example.com', 'Acme Corp', 'de', $2,
              'active', 'import', now(), now()
         FROM generate_series(1, $3::int) AS n`,
      [sellerId, JSON.stringify(address), CUSTOMERS],
    );
    await client.query('VACUUM ANALYZE customers');
  } finally {
    await client.end();
  }
}
