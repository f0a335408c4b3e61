import type { Load } from './load';
import type { Standing } from './rounds';

const HEAD = [
  'connections',
  'service req/s',
  'bare req/s',
  'pgbench tps',
  'service/bare',
  'service/pgbench',
  'service p50, p99 ms',
  'bare p50, p99 ms',
];

const NO_PGBENCH = '–: pgbench is not installed, or the server does not allow that many connections.';

/** What is measured beside the throughput. */
export interface Extras {
  roundTrips: number;
  memoryMb: number;
  /** Only of an embedded database. */
  startMs?: number;
}

export function printStandings(standings: Standing[]): void {
  const table = [HEAD, ...standings.map(row)];
  const widths = HEAD.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  console.log();
  for (const cells of table) console.log(cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '));
  if (standings.some(({ transactionsPerSecond }) => transactionsPerSecond === undefined)) console.log(NO_PGBENCH);
}

export function printExtras({ roundTrips, memoryMb, startMs }: Extras): void {
  console.log(`\nDatabase round trips of a PATCH: ${roundTrips.toFixed(2)}`);
  console.log(`Peak resident memory of the service: ${memoryMb.toFixed(0)} MB`);
  if (startMs !== undefined) console.log(`Start on an existing embedded database: ${(startMs / 1000).toFixed(2)} s`);
}

/** One sentence when any request failed. */
export function failuresOf(standings: Standing[]): string | undefined {
  const parts = standings.flatMap(({ connections, service, bare }) => [
    { name: `the service at ${connections}`, ...service },
    { name: `the bare handler at ${connections}`, ...bare },
  ]);
  const failed = parts.filter(({ failures }) => failures > 0);
  if (failed.length === 0) return undefined;
  return `Requests failed: ${failed.map(({ name, failures }) => `${failures} of ${name} connections`).join(', ')}.`;
}

function row({ connections, service, bare, transactionsPerSecond: tps }: Standing): string[] {
  const { requestsPerSecond } = service;
  return [
    String(connections),
    requestsPerSecond.toFixed(0),
    bare.requestsPerSecond.toFixed(0),
    tps === undefined ? '–' : tps.toFixed(0),
    (requestsPerSecond / bare.requestsPerSecond).toFixed(2),
    tps === undefined ? '–' : (requestsPerSecond / tps).toFixed(2),
    latencies(service),
    latencies(bare),
  ];
}

function latencies({ p50, p99 }: Load): string {
  return `${p50.toFixed(1)}, ${p99.toFixed(1)}`;
}
