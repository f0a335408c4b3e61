import { writeFile } from 'node:fs/promises';
import { drawChart } from './chart';
import type { Cleanup } from './cleanup';
import { openDatabase } from './database';
import { applyLoad } from './load';
import { watchMemory } from './memory';
import { PATCH } from './operations';
import { preparePgbench } from './pgbench';
import { type Contestant, CONTESTANTS, printExtras, printStandings, standingsOf } from './report';
import { countRoundTrips, startRelay } from './round-trips';
import { playRounds, requireSuccess, warmUp } from './rounds';
import { createSeller, type Seller } from './seller';
import { startHandler, startService, targetOf, timeEmbeddedStart } from './service';

const CONNECTIONS = [1, 16, 64, 256];
const CUSTOMERS = 10_000;

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
  const server = await startService(cleanup, databaseUrl, folder);
  const memory = watchMemory(server.pid);
  const seller = await createSeller(cleanup, databaseUrl, CUSTOMERS, folder);
  const targets = {
    service: targetOf(server, seller),
    bare: targetOf(await startHandler(cleanup, 'bare-handler', databaseUrl, seller, folder), seller),
    textbook: targetOf(await startHandler(cleanup, 'textbook-handler', databaseUrl, seller, folder), seller),
  };
  const pgbench = await preparePgbench(cleanup, databaseUrl, seller, folder);
  for (const target of Object.values(targets)) await warmUp(target, [PATCH]);

  const play = async (contestant: Contestant, connections: number) =>
    contestant === 'pgbench'
      ? pgbench?.(connections, seconds)
      : applyLoad(targets[contestant], PATCH, connections, { duration: seconds });
  const turns = CONNECTIONS.flatMap((connections) =>
    CONTESTANTS.map((contestant) => ({
      label: `${contestant}, ${connections} connections`,
      contestant,
      connections,
      play: () => play(contestant, connections),
    })),
  );
  const results = await playRounds(turns, rounds);
  const standings = standingsOf(results);
  printStandings(standings);
  requireSuccess(results);
  const memoryMb = await memory.peakMb();
  const roundTrips = await measureRoundTrips(cleanup, databaseUrl, seller, folder);
  printExtras({ roundTrips, memoryMb, startMs });
  await writeFile(chart, drawChart(standings));
}

/** On a service of its own, so that counting slows nothing that is timed. */
async function measureRoundTrips(cleanup: Cleanup, databaseUrl: string, seller: Seller, cwd: string): Promise<number> {
  const relay = await startRelay(cleanup, databaseUrl);
  const server = await startService(cleanup, relay.databaseUrl, cwd);
  return countRoundTrips(targetOf(server, seller), relay);
}
