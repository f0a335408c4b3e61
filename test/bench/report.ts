import type { Load } from './load';
import type { Result, Turn } from './rounds';
import { printTable, ratio } from './table';

export const CONTESTANTS = ['service', 'bare', 'textbook', 'pgbench'] as const;
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
  /** Only of an embedded database. */
  startMs?: number;
}

const OTHERS = CONTESTANTS.filter((contestant) => contestant !== 'service');

const HEAD = [
  'connections',
  ...CONTESTANTS.map((contestant) => `${contestant}/s`),
  ...OTHERS.map((contestant) => `service/${contestant}`),
  ...CONTESTANTS.map((contestant) => `${contestant} ms`),
];

const LEGEND = 'X/s: changes per second. X ms: p50, p99 of a change. Medians of the rounds.';
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

export function printExtras({ roundTrips, memoryMb, startMs }: Extras): void {
  console.log(`\nDatabase round trips of a PATCH: ${roundTrips.toFixed(2)}`);
  console.log(`Peak resident memory of the service: ${memoryMb.toFixed(0)} MB`);
  if (startMs !== undefined) console.log(`Start on an existing embedded database: ${(startMs / 1000).toFixed(2)} s`);
}

export function latencies(load: Load | undefined): string {
  return load ? `${load.p50.toFixed(1)}, ${load.p99.toFixed(1)}` : '–';
}

function row({ connections, loads }: Standing): string[] {
  return [
    String(connections),
    ...CONTESTANTS.map((contestant) => loads[contestant]?.requestsPerSecond.toFixed(0) ?? '–'),
    ...OTHERS.map((contestant) => ratio(loads.service?.requestsPerSecond, loads[contestant]?.requestsPerSecond)),
    ...CONTESTANTS.map((contestant) => latencies(loads[contestant])),
  ];
}
