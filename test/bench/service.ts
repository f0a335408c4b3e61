import { join } from 'node:path';
import type { Cleanup } from './cleanup';
import type { Seller } from './seller';
import type { Target } from './load';
import { type Server, startServer } from './server';

const SERVICE = join(__dirname, '../../src/main.js');

/** The service as it runs in production. */
export function startService(
  cleanup: Cleanup,
  databaseUrl: string,
  cwd: string,
  env: Record<string, string> = {},
): Promise<Server> {
  return startServer(cleanup, SERVICE, { env: { DATABASE_URL: databaseUrl, ...env }, cwd });
}

/** One that changes customers of a seller and is asked for them without a key. */
export function startHandler(
  cleanup: Cleanup,
  name: 'bare-handler' | 'textbook-handler',
  databaseUrl: string,
  seller: Seller,
  cwd: string,
  more: Record<string, string> = {},
): Promise<Server> {
  const env = { DATABASE_URL: databaseUrl, SELLER_ID: seller.id, ...more };
  return startServer(cleanup, join(__dirname, `${name}.js`), { env, cwd });
}

export function targetOf({ url }: Server, { key, customers }: Seller): Target {
  return { url, headers: { 'x-api-key': key }, customers };
}

/** The first start creates the database, the second one counts. */
export async function timeEmbeddedStart(cleanup: Cleanup, cwd: string): Promise<number> {
  const env = { DATABASE_URL: '', DATA_DIR: join(cwd, 'start') };
  const start = () => startServer(cleanup, SERVICE, { args: ['--embedded'], env, cwd });
  await (await start()).stop();
  const server = await start();
  await server.stop();
  return server.startMs;
}
