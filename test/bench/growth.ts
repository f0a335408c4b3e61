import { writeEventCursor } from '../../src/events/event';
import type { Cleanup } from './cleanup';
import { customerId } from './customers';
import { createDatabase, openDatabase, query } from './database';
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

const POSITION = 'SELECT position, version FROM customer_history WHERE customer_id = $1 ORDER BY version LIMIT 1';

/** The tables of customers and of their history, and their indexes. */
const RELATION_SIZES = `
  SELECT relname AS name, pg_relation_size(oid) AS bytes FROM pg_class
   WHERE relnamespace = 'public'::regnamespace
     AND (relname IN ('customers', 'customer_history') OR relname ~ '^(customers|customer_history)_' AND relkind = 'i')`;

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
  const feeds: Operation[] = [];
  const relations: RelationSizes[] = [];
  for (const customers of sizes) {
    console.error(`Creating ${customers.toLocaleString('en')} customers`);
    const databaseUrl = await createDatabase(cleanup, serverUrl);
    const server = await startService(cleanup, databaseUrl, folder);
    const seller = await createSeller(cleanup, databaseUrl, customers, folder);
    services.push(targetOf(server, seller));
    feeds.push(await pageInTheMiddle(databaseUrl, customers));
    relations.push(await sizesOfRelations(databaseUrl));
    bares.push(targetOf(await startHandler(cleanup, 'bare-handler', databaseUrl, seller, folder), seller));
  }
  for (const [i, target] of services.entries()) await warmUp(target, [...OPERATIONS, feeds[i] as Operation]);
  for (const target of bares) await warmUp(target, [PATCH]);

  const turnOf = (name: string, target: Target, operation: Operation): GrowthTurn => ({
    name,
    customers: target.customers,
    label: `${name} at ${target.customers.toLocaleString('en')} customers`,
    play: () => applyLoad(target, operation, CONNECTIONS, { duration: seconds }),
  });
  const turns = [
    ...OPERATIONS.flatMap((operation) => services.map((target) => turnOf(operation.name, target, operation))),
    ...services.map((target, i) => turnOf('page of the feed', target, feeds[i] as Operation)),
    // What of the growth is the database's.
    ...bares.map((target) => turnOf('PATCH of the bare handler', target, PATCH)),
  ];
  const results = await playRounds(turns, rounds);
  printGrowth(results);
  printSizes(sizes, relations);
  requireSuccess(results);
}

/** 100 events from the middle of the feed on. */
async function pageInTheMiddle(databaseUrl: string, customers: number): Promise<Operation> {
  const id = customerId(Math.ceil(customers / 2));
  const [row] = await query(databaseUrl, POSITION, [id]);
  const cursor = writeEventCursor({ position: String(row?.position), customerId: id, version: Number(row?.version) });
  return {
    name: 'page of the feed',
    method: 'GET',
    request: () => ({ path: `/api/events?limit=100&after=${cursor}` }),
  };
}

/** In MB; of a table without its indexes. */
type RelationSizes = Map<string, number>;

async function sizesOfRelations(databaseUrl: string): Promise<RelationSizes> {
  const rows = await query(databaseUrl, RELATION_SIZES);
  return new Map(rows.map(({ name, bytes }) => [String(name), Number(bytes) / 1e6]));
}

function printSizes(sizes: number[], relations: RelationSizes[]): void {
  const largest = relations.at(-1) ?? new Map();
  const names = [...largest].toSorted(([, one], [, other]) => other - one).map(([name]) => name);
  const rows = names.map((name) => [name, ...relations.map((relation) => (relation.get(name) ?? NaN).toFixed(1))]);
  printTable([['MB', ...sizes.map((size) => size.toLocaleString('en'))], ...rows]);
  console.log('Sizes of tables, without their indexes, and of indexes, before the rounds.');
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
