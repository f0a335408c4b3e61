import type { Cleanup } from './cleanup';
import { createDatabase, openDatabase } from './database';
import { applyLoad, type Load, type Target } from './load';
import { type Operation, OPERATIONS, PATCH } from './operations';
import { latencies } from './report';
import { playRounds, requireSuccess, type Result, type Turn, warmUp } from './rounds';
import { createSeller } from './seller';
import { startHandler, startService, targetOf } from './service';
import { printTable, ratio } from './table';

const CONNECTIONS = 16;
const SIZES = [10_000, 1_000_000];
const TEN_MILLION = 10_000_000;

interface Options {
  rounds: number;
  seconds: number;
  tenMillion: boolean;
}

interface GrowthTurn extends Turn {
  name: string;
  customers: number;
}

/** Shows what requests cost at some numbers of customers of one seller, which are in databases of their own. */
export async function measureGrowth(
  cleanup: Cleanup,
  folder: string,
  { rounds, seconds, tenMillion }: Options,
): Promise<void> {
  const serverUrl = await openDatabase(cleanup, folder);
  const sizes = tenMillion ? [...SIZES, TEN_MILLION] : SIZES;
  const services: Target[] = [];
  const bares: Target[] = [];
  for (const customers of sizes) {
    console.error(`Creating ${customers.toLocaleString('en')} customers`);
    const databaseUrl = await createDatabase(cleanup, serverUrl);
    const server = await startService(cleanup, databaseUrl, folder);
    const seller = await createSeller(cleanup, databaseUrl, customers, folder);
    services.push(targetOf(server, seller));
    bares.push(targetOf(await startHandler(cleanup, 'bare-handler', databaseUrl, seller, folder), seller));
  }
  for (const target of services) await warmUp(target, OPERATIONS);
  for (const target of bares) await warmUp(target, [PATCH]);

  const turnsOf = (name: string, targets: Target[], operation: Operation): GrowthTurn[] =>
    targets.map((target) => ({
      name,
      customers: target.customers,
      label: `${name} at ${target.customers.toLocaleString('en')} customers`,
      play: () => applyLoad(target, operation, CONNECTIONS, { duration: seconds }),
    }));
  const turns = [
    ...OPERATIONS.flatMap((operation) => turnsOf(operation.name, services, operation)),
    // What of the growth is the database's.
    ...turnsOf('PATCH of the bare handler', bares, PATCH),
  ];
  const results = await playRounds(turns, rounds);
  printGrowth(results);
  requireSuccess(results);
}

function printGrowth(results: Result<GrowthTurn>[]): void {
  const sizes = [...new Set(results.map(({ customers }) => customers))];
  const [first, ...others] = sizes.map((size) => size.toLocaleString('en'));
  const head = [`${CONNECTIONS} connections`, `${first} ms`, ...others.flatMap((size) => [`${size} ms`, 'ratio'])];
  const names = [...new Set(results.map(({ name }) => name))];
  const rows = names.map((name) => {
    const [small, ...large] = results.filter((result) => result.name === name).map(({ load }) => load);
    const ratios = (load?: Load) => `${ratio(load?.p50, small?.p50)}, ${ratio(load?.p99, small?.p99)}`;
    return [name, latencies(small), ...large.flatMap((load) => [latencies(load), ratios(load)])];
  });
  printTable([head, ...rows]);
  console.log(`p50, p99 at these numbers of customers, and their ratios to those at ${first}. Medians of the rounds.`);
}
