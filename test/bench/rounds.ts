import { setTimeout as sleep } from 'node:timers/promises';
import { type Load, patchCustomers, type Target } from './load';
import type { Pgbench } from './pgbench';

export const CONNECTIONS = [1, 64, 256];
const WARM_UP_SECONDS = 3;
/** For what a stopped load leaves to be done. */
const PAUSE_MS = 500;

export interface Contestants {
  service: Target;
  bare: Target;
  pgbench?: Pgbench;
}

/** The medians of the rounds at one number of connections. */
export interface Standing {
  connections: number;
  service: Load;
  bare: Load;
  transactionsPerSecond?: number;
}

interface Turns {
  service: Load[];
  bare: Load[];
  pgbench: number[];
}

/** Lets the contestants take turns, so that what slows the machine for a while slows them all. */
export async function playRounds(contestants: Contestants, rounds: number, seconds: number): Promise<Standing[]> {
  const warmUps = [];
  for (const target of [contestants.service, contestants.bare]) {
    warmUps.push(await patchCustomers(target, 32, { duration: WARM_UP_SECONDS }));
  }
  if (warmUps.some(({ failures }) => failures > 0)) throw new Error('Requests failed while the servers warmed up.');
  const turns = CONNECTIONS.map(() => ({ service: [], bare: [], pgbench: [] }) as Turns);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, connections] of CONNECTIONS.entries()) {
      console.error(`Round ${round} of ${rounds}: ${connections} connections`);
      await takeTurns(contestants, connections, seconds, turns[index] as Turns);
    }
  }
  return turns.map((turn, index) => standing(CONNECTIONS[index] as number, turn));
}

async function takeTurns({ service, bare, pgbench }: Contestants, connections: number, duration: number, turns: Turns) {
  turns.service.push(await patchCustomers(service, connections, { duration }));
  await sleep(PAUSE_MS);
  turns.bare.push(await patchCustomers(bare, connections, { duration }));
  await sleep(PAUSE_MS);
  const figure = await pgbench?.(connections, duration);
  if (figure !== undefined) turns.pgbench.push(figure);
  await sleep(PAUSE_MS);
}

function standing(connections: number, { service, bare, pgbench }: Turns): Standing {
  return {
    connections,
    service: medianLoad(service),
    bare: medianLoad(bare),
    ...(pgbench.length > 0 && { transactionsPerSecond: median(pgbench) }),
  };
}

function medianLoad(loads: Load[]): Load {
  const medianOf = (member: keyof Load) => median(loads.map((load) => load[member]));
  return {
    requestsPerSecond: medianOf('requestsPerSecond'),
    p50: medianOf('p50'),
    p99: medianOf('p99'),
    failures: loads.reduce((sum, { failures }) => sum + failures, 0),
  };
}

function median(figures: number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const [low = NaN, high = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}
