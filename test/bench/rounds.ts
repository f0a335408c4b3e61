import { setTimeout as sleep } from 'node:timers/promises';
import { applyLoad, type Load, type Target } from './load';
import type { Operation } from './operations';

/** More searches among ten million customers would wait too long on a slow machine. */
const WARM_UP_CONNECTIONS = 16;
const WARM_UP_SECONDS = 3;
/** For what a stopped load leaves to be done. */
const PAUSE_MS = 500;

/** What is measured once in each round. */
export interface Turn {
  label: string;
  /** Undefined when the server does not allow that many connections. */
  play(): Promise<Load | undefined>;
}

/** A turn with the medians of its rounds. */
export type Result<T extends Turn> = T & { load?: Load };

/** Lets all take turns, there and back, so that what slows the machine for a while slows them all. */
export async function playRounds<T extends Turn>(turns: T[], rounds: number): Promise<Result<T>[]> {
  const loads = new Map(turns.map((turn) => [turn, [] as Load[]]));
  for (let round = 1; round <= rounds; round++) {
    for (const turn of round % 2 ? turns : turns.toReversed()) {
      console.error(`Round ${round} of ${rounds}: ${turn.label}`);
      const load = await turn.play();
      if (load) loads.get(turn)?.push(load);
      await sleep(PAUSE_MS);
    }
  }
  return [...loads].map(([turn, played]) => ({ ...turn, ...(played.length > 0 && { load: medianLoad(played) }) }));
}

export async function warmUp(target: Target, operations: Operation[]): Promise<void> {
  for (const operation of operations) {
    const { failures } = await applyLoad(target, operation, WARM_UP_CONNECTIONS, { duration: WARM_UP_SECONDS });
    if (failures === 0) continue;
    const size = target.customers.toLocaleString('en');
    throw new Error(`Requests failed in the warm-up at ${size} customers: ${failures} of ${operation.name}.`);
  }
}

/** @throws Error that names all turns of which any request failed. */
export function requireSuccess(results: Result<Turn>[]): void {
  const failed = results.flatMap(({ label, load }) => (load?.failures ? [`${load.failures} of ${label}`] : []));
  if (failed.length > 0) throw new Error(`Requests failed: ${failed.join('; ')}.`);
}

function medianLoad(loads: Load[]): Load {
  const medianOf = (figure: (load: Load) => number | undefined) => median(loads.map((load) => figure(load) ?? NaN));
  return {
    requestsPerSecond: medianOf((load) => load.requestsPerSecond),
    p50: medianOf((load) => load.p50),
    p99: medianOf((load) => load.p99),
    failures: loads.reduce((sum, { failures }) => sum + failures, 0),
    requests: medianOf((load) => load.requests),
    ...(loads.every(({ cpu }) => cpu) && {
      cpu: { server: medianOf(({ cpu }) => cpu?.server), database: medianOf(({ cpu }) => cpu?.database) },
    }),
  };
}

function median(figures: number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const [low = NaN, high = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}
