import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Client } from 'pg';

const MICROSECONDS_PER_TICK = 10_000;

/** CPU time in microseconds. */
export interface CpuTime {
  server: number;
  database: number;
}

/** What a server and PostgreSQL have used so far; undefined where that can't be seen. */
export type CpuClock = (serverPid: number) => Promise<CpuTime | undefined>;

/** Reads the CPU time of a server and of PostgreSQL, which both have to run on this machine, under Linux. */
export async function openCpuClock(databaseUrl: string): Promise<CpuClock> {
  const postmaster = await findPostmaster(databaseUrl);
  if (postmaster === undefined) return async () => undefined;
  return async (serverPid) => {
    const children = (await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8')).split(' ');
    const backends = await Promise.all(children.filter(Boolean).map((pid) => ticksOf(pid)));
    const { own } = await ticksOf(serverPid);
    // PostgreSQL's own count has that of the connections that have ended.
    const { own: main, ended } = await ticksOf(postmaster);
    const database = backends.reduce((sum, backend) => sum + backend.own, main + ended);
    return { server: own * MICROSECONDS_PER_TICK, database: database * MICROSECONDS_PER_TICK };
  };
}

async function findPostmaster(databaseUrl: string): Promise<string | undefined> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const file = `/proc/${rows[0].pid}/status`;
    const status = existsSync(file) ? await readFile(file, 'utf8') : '';
    return /^Name:\s*postgres/m.test(status) ? /^PPid:\s*(\d+)/m.exec(status)?.[1] : undefined;
  } finally {
    await client.end();
  }
}

/** proc_pid_stat(5): user and system time of the process, and of its children that have ended. */
async function ticksOf(pid: number | string): Promise<{ own: number; ended: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const sumOf = (first: number, second: number) => Number(fields[first] ?? 0) + Number(fields[second] ?? 0);
  return { own: sumOf(11, 12), ended: sumOf(13, 14) };
}
