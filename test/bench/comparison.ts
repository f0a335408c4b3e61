import { writeFile } from 'node:fs/promises';
import { drawChart } from './chart';
import type { Cleanup } from './cleanup';
import { openCpuClock } from './cpu';
import { openDatabase } from './database';
import { applyLoad, type Load } from './load';
import { watchMemory } from './memory';
import { COMPARED_OPERATIONS, type Operation, PATCH } from './operations';
import { preparePgbench } from './pgbench';
import { type Contestant, CONTESTANTS, HANDLERS, printExtras, printPairs, printStandings, standingsOf } from './report';
import { countRoundTrips, startRelay } from './round-trips';
import { playRounds, requireSuccess, warmUp } from './rounds';
import { createSeller, type Seller } from './seller';
import type { Server } from './server';
import { startHandler, startService, targetOf, timeEmbeddedStart } from './service';

const CONNECTIONS = [1, 16, 64, 256];
const CUSTOMERS = 10_000;

/** At this number the kinds of requests are compared. */
const PAIR_CONNECTIONS = 64;

/** PostgreSQL waits before each commit, as on a slow disk. Only a superuser may ask for that. */
const SLOW_COMMITS = { PGOPTIONS: '-c commit_delay=2000 -c commit_siblings=0' };

interface Options {
  rounds: number;
  seconds: number;
  /** The file of the chart. */
  chart: string;
}

/** Compares the service with two handlers that do less for a change, and with the database alone. */
export async function compare(cleanup: Cleanup, folder: string, { rounds, seconds, chart }: Options): Promise<void> {
  const startMs = process.env.DATABASE_URL ? undefined : await timeEmbeddedStart(cleanup, folder);
  const databaseUrl = await openDatabase(cleanup, folder);
  const service = await startService(cleanup, databaseUrl, folder);
  const memory = watchMemory(service.pid);
  const seller = await createSeller(cleanup, databaseUrl, CUSTOMERS, folder);
  const servers = {
    service,
    bare: await startHandler(cleanup, 'bare-handler', databaseUrl, seller, folder),
    textbook: await startHandler(cleanup, 'textbook-handler', databaseUrl, seller, folder),
  };
  const pgbench = await preparePgbench(cleanup, databaseUrl, seller, folder);
  const readCpu = await openCpuClock(databaseUrl);

  /** Puts load on a server, and measures what each request costs the server and the database. */
  const load = async (server: Server, operation: Operation, connections: number): Promise<Load> => {
    const before = await readCpu(server.pid);
    const load = await applyLoad(targetOf(server, seller), operation, connections, { duration: seconds });
    const after = await readCpu(server.pid);
    if (!before || !after) return load;
    const { requests } = load;
    const cpu = {
      server: (after.server - before.server) / requests,
      database: (after.database - before.database) / requests,
    };
    return { ...load, cpu };
  };

  for (const server of Object.values(servers)) await warmUp(targetOf(server, seller), [PATCH]);
  const play = (contestant: Contestant, connections: number) =>
    contestant === 'pgbench' ? pgbench?.(connections, seconds) : load(servers[contestant], PATCH, connections);
  const turns = CONNECTIONS.flatMap((connections) =>
    CONTESTANTS.map((contestant) => ({
      label: `${contestant}, ${connections} connections`,
      contestant,
      connections,
      play: async () => play(contestant, connections),
    })),
  );
  const results = await playRounds(turns, rounds);
  const standings = standingsOf(results);
  printStandings(standings);
  requireSuccess(results);
  const memoryMb = await memory.peakMb();

  for (const name of HANDLERS) await warmUp(targetOf(servers[name], seller), COMPARED_OPERATIONS);
  const pairs = COMPARED_OPERATIONS.flatMap((operation) =>
    HANDLERS.map((contestant) => ({
      label: `${operation.name}, ${contestant}`,
      operation: operation.name,
      contestant,
      play: () => load(servers[contestant], operation, PAIR_CONNECTIONS),
    })),
  );
  const slow = await startSlow(cleanup, databaseUrl, seller, folder);
  const slowPairs = HANDLERS.map((contestant) => ({
    label: `PATCH with slow commits, ${contestant}`,
    operation: 'PATCH, commits 2 ms slower',
    contestant,
    play: async () => slow && load(slow[contestant], PATCH, PAIR_CONNECTIONS),
  }));
  const compared = await playRounds([...pairs, ...slowPairs], rounds);
  printPairs(compared, PAIR_CONNECTIONS);
  requireSuccess(compared);

  const roundTrips = await measureRoundTrips(cleanup, databaseUrl, seller, folder);
  const fresh = await startService(cleanup, databaseUrl, folder);
  const cold = await applyLoad(targetOf(fresh, seller), PATCH, 1, { duration: 5 });
  const warm = standings.find(({ connections }) => connections === 1)?.loads.service;
  printExtras({ roundTrips, memoryMb, cold, warm, startMs });
  await writeFile(chart, drawChart(standings));
}

/** Undefined where the role may not slow commits down. */
async function startSlow(
  cleanup: Cleanup,
  databaseUrl: string,
  seller: Seller,
  cwd: string,
): Promise<Record<(typeof HANDLERS)[number], Server> | undefined> {
  try {
    return {
      service: await startService(cleanup, databaseUrl, cwd, SLOW_COMMITS),
      bare: await startHandler(cleanup, 'bare-handler', databaseUrl, seller, cwd, SLOW_COMMITS),
    };
  } catch (error) {
    console.error(`Slow commits are left out: ${(error as Error).message}`);
    return undefined;
  }
}

/** On a service of its own, so that counting slows nothing that is timed. */
async function measureRoundTrips(cleanup: Cleanup, databaseUrl: string, seller: Seller, cwd: string): Promise<number> {
  const relay = await startRelay(cleanup, databaseUrl);
  const server = await startService(cleanup, relay.databaseUrl, cwd);
  return countRoundTrips(targetOf(server, seller), relay);
}
