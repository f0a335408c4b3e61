import type { Load } from './load';
import type { Result, Turn } from './rounds';
import { printTable, ratio } from './table';

export const CONTESTANTS = ['service', 'bare', 'textbook', 'pgbench'] as const;
/** The two that are also compared for other requests than a change. */
export const HANDLERS = ['service', 'bare'] as const;
export type Contestant = (typeof CONTESTANTS)[number];

/** At one number of connections; without those that could not be measured. */
export interface Standing {
  connections: number;
  loads: Partial<Record<Contestant, Load>>;
}

/** What is measured beside the throughput. */
export interface Extras {
  roundTrips: number;
  memoryMb: number;
  /** At one connection: right after the start, and later. */
  cold: Load;
  warm?: Load;
  /** Only of an embedded database. */
  startMs?: number;
}

const OTHERS = CONTESTANTS.filter((contestant) => contestant !== 'service');

const HEAD = [
  'connections',
  ...CONTESTANTS.map((contestant) => `${contestant}/s`),
  ...OTHERS.map((contestant) => `service/${contestant}`),
  ...CONTESTANTS.map((contestant) => `${contestant} ms`),
  ...HANDLERS.map((contestant) => `${contestant} µs`),
  'ratio of µs',
];

const CPU = 'X µs: CPU of the server + of PostgreSQL for each';
const LEGEND = `X/s: changes per second. X ms: p50, p99 of a change. ${CPU}. Medians of the rounds.`;
const NO_PGBENCH = '–: pgbench is not installed, or the server does not allow that many connections.';

export function standingsOf(results: Result<Turn & { contestant: Contestant; connections: number }>[]): Standing[] {
  return [...new Set(results.map(({ connections }) => connections))].map((connections) => {
    const group = results.filter((result) => result.connections === connections);
    return { connections, loads: Object.fromEntries(group.map(({ contestant, load }) => [contestant, load])) };
  });
}

export function printStandings(standings: Standing[]): void {
  printTable([HEAD, ...standings.map(row)]);
  console.log(LEGEND);
  if (standings.some(({ loads }) => !loads.pgbench)) console.log(NO_PGBENCH);
}

/** The service and the bare handler side by side, for some kinds of requests. */
export function printPairs(
  results: Result<Turn & { operation: string; contestant: string }>[],
  connections: number,
): void {
  const head = ['service/s', 'bare/s', 'ratio', 'service ms', 'bare ms', 'service µs', 'bare µs', 'ratio of µs'];
  const rows = [...new Set(results.map(({ operation }) => operation))].map((operation) => {
    const loadOf = (name: string) =>
      results.find((result) => result.operation === operation && result.contestant === name)?.load;
    const [service, bare] = HANDLERS.map(loadOf);
    return [
      operation,
      ...[service, bare].map((load) => load?.requestsPerSecond.toFixed(0) ?? '–'),
      ratio(service?.requestsPerSecond, bare?.requestsPerSecond),
      ...[service, bare].map(latencies),
      ...[service, bare].map(cpu),
      ratio(totalCpu(service), totalCpu(bare)),
    ];
  });
  printTable([[`${connections} connections`, ...head], ...rows]);
}

export function printExtras({ roundTrips, memoryMb, cold, warm, startMs }: Extras): void {
  const [early, later] = [cold, warm].map((load) => load?.requestsPerSecond.toFixed(0));
  console.log(`\nPATCH at 1 connection in the first 5 seconds: ${early}/s, and later ${later ?? '–'}/s`);
  console.log(`Database round trips of a PATCH: ${roundTrips.toFixed(2)}`);
  console.log(`Peak resident memory of the service: ${memoryMb.toFixed(0)} MB`);
  if (startMs !== undefined) console.log(`Start on an existing embedded database: ${(startMs / 1000).toFixed(2)} s`);
}

export function latencies(load: Load | undefined): string {
  return load ? `${load.p50.toFixed(1)}, ${load.p99.toFixed(1)}` : '–';
}

function cpu(load: Load | undefined): string {
  return load?.cpu ? `${load.cpu.server.toFixed(0)} + ${load.cpu.database.toFixed(0)}` : '–';
}

function totalCpu(load: Load | undefined): number | undefined {
  return load?.cpu && load.cpu.server + load.cpu.database;
}

function row({ connections, loads }: Standing): string[] {
  return [
    String(connections),
    ...CONTESTANTS.map((contestant) => loads[contestant]?.requestsPerSecond.toFixed(0) ?? '–'),
    ...OTHERS.map((contestant) => ratio(loads.service?.requestsPerSecond, loads[contestant]?.requestsPerSecond)),
    ...CONTESTANTS.map((contestant) => latencies(loads[contestant])),
    ...HANDLERS.map((contestant) => cpu(loads[contestant])),
    ratio(totalCpu(loads.service), totalCpu(loads.bare)),
  ];
}
