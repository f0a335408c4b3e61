import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Cleanup } from './cleanup';
import { createSeller, type Seller } from './customers';
import { openDatabase } from './database';
import { watchMemory } from './memory';
import { preparePgbench } from './pgbench';
import { failuresOf, printExtras, printStandings } from './report';
import { countRoundTrips, startRelay } from './round-trips';
import { playRounds } from './rounds';
import { type Server, startServer } from './server';

const SERVICE = join(__dirname, '../../src/main.js');
/** As in the script start:prod. */
const NODE_ARGS = ['--max-old-space-size=256'];
const BARE_HANDLER = join(__dirname, 'bare-handler.js');

/** Compares the service with a bare handler and with pgbench. A DATABASE_URL has to name an empty database. */
async function benchmark(cleanup: Cleanup, { rounds, seconds }: { rounds: number; seconds: number }): Promise<void> {
  const folder = cleanup.make(
    () => mkdtempSync(join(tmpdir(), 'bench-')),
    (path) => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  );
  const startMs = process.env.DATABASE_URL ? undefined : await timeEmbeddedStart(cleanup, folder);
  const databaseUrl = await openDatabase(cleanup, folder);
  const server = await startService(cleanup, databaseUrl, folder);
  const seller = await createSeller(cleanup, databaseUrl, folder);
  const bareEnv = { DATABASE_URL: databaseUrl, SELLER_ID: seller.id };
  const bareServer = await startServer(cleanup, BARE_HANDLER, { env: bareEnv, cwd: folder });

  const memory = watchMemory(server.pid);
  const pgbench = await preparePgbench(cleanup, databaseUrl, seller.id, folder);
  const bare = { url: bareServer.url, headers: {} };
  const standings = await playRounds({ service: targetOf(server, seller), bare, pgbench }, rounds, seconds);
  printStandings(standings);
  const failures = failuresOf(standings);
  if (failures) throw new Error(failures);
  const memoryMb = await memory.peakMb();
  const roundTrips = await measureRoundTrips(cleanup, databaseUrl, seller, folder);
  printExtras({ roundTrips, memoryMb, startMs });
}

async function startService(cleanup: Cleanup, databaseUrl: string, cwd: string): Promise<Server> {
  const env = { DATABASE_URL: databaseUrl, RATE_LIMIT_PER_MINUTE: '0' };
  return startServer(cleanup, SERVICE, { nodeArgs: NODE_ARGS, env, cwd });
}

function targetOf({ url }: Server, { key }: Seller) {
  return { url, headers: { 'x-api-key': key } };
}

/** On a service of its own, so that counting slows nothing that is timed. */
async function measureRoundTrips(cleanup: Cleanup, databaseUrl: string, seller: Seller, cwd: string): Promise<number> {
  const relay = await startRelay(cleanup, databaseUrl);
  const server = await startService(cleanup, relay.databaseUrl, cwd);
  return countRoundTrips(targetOf(server, seller), relay);
}

/** The first start creates the database, the second one counts. */
async function timeEmbeddedStart(cleanup: Cleanup, cwd: string): Promise<number> {
  const env = { DATABASE_URL: '', DATA_DIR: join(cwd, 'start') };
  const start = () => startServer(cleanup, SERVICE, { args: ['--embedded'], env, cwd });
  await (await start()).stop();
  const server = await start();
  await server.stop();
  return server.startMs;
}

function parseOptions(): { rounds: number; seconds: number } {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '5' } },
  });
  const isWhole = (text: string) => /^[1-9]\d*$/.test(text);
  if (Object.values(values).every(isWhole)) return { rounds: Number(values.rounds), seconds: Number(values.seconds) };
  throw new Error('--rounds and --seconds take a whole number above 0.');
}

async function main(): Promise<void> {
  const cleanup = new Cleanup();
  let isInterrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      isInterrupted = true;
      void cleanup.run().then(() => process.exit(130));
    });
  }
  try {
    await benchmark(cleanup, parseOptions());
  } catch (error) {
    process.exitCode = 1;
    // What an interruption breaks is no news.
    if (!isInterrupted) console.error((error as Error).message);
  } finally {
    await cleanup.run();
  }
}

void main();
