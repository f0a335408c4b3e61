import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port';
import type { Cleanup } from './cleanup';

const PACKAGE = join(__dirname, '../../../package.json');
/** Node's own arguments in the script start:prod: all servers get them, so that only their code differs. */
const NODE_ARGS = nodeArgsOf(JSON.parse(readFileSync(PACKAGE, 'utf8')).scripts['start:prod']);
const READY_PATIENCE_MS = 60_000;
const STOP_PATIENCE_MS = 10_000;

/** An HTTP server in a process of its own. */
export interface Server {
  url: string;
  pid: number;
  /** From the start of the process until it was ready. */
  startMs: number;
  stop(): Promise<void>;
}

/** Nothing but the requests themselves, however many. */
const QUIET = { LOG_LEVEL: 'silent', METRICS_PORT: '0', RATE_LIMIT_PER_MINUTE: '0' };

interface Options {
  args?: string[];
  env: Record<string, string>;
  /** Not the project's own folder, whose `.env` would count. */
  cwd: string;
}

/** Runs a script until its `/health/ready` answers 200. */
export async function startServer(cleanup: Cleanup, script: string, { args = [], env, cwd }: Options): Promise<Server> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = performance.now();
  const options: SpawnOptions = {
    cwd,
    env: { ...process.env, ...env, HOST: '127.0.0.1', PORT: String(port), ...QUIET },
    stdio: ['ignore', 'ignore', 'inherit'],
    // Ctrl-C reaches only us, and we stop a server when it is ready to be stopped.
    detached: true,
  };
  const { child, ready, stop } = cleanup.make(
    () => launch([...NODE_ARGS, script, ...args], options, url),
    (server) => server.stop(),
  );
  await ready;
  return { url, pid: Number(child.pid), startMs: performance.now() - start, stop };
}

function launch(command: string[], options: SpawnOptions, url: string) {
  const child = spawn(process.execPath, command, options);
  const ready = untilReady(child, url);
  const stop = () => Promise.allSettled([ready]).then(() => terminate(child));
  return { child, ready, stop };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  for (const deadline = Date.now() + READY_PATIENCE_MS; Date.now() < deadline; await sleep(10)) {
    if (hasEnded(child)) throw new Error(`${child.spawnargs.join(' ')} ended before it was ready.`);
    if (await isReady(url)) return;
  }
  throw new Error(`${child.spawnargs.join(' ')} was not ready after ${READY_PATIENCE_MS / 1000} s.`);
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function terminate(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  const lastResort = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(lastResort);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function nodeArgsOf(script: string): string[] {
  const [, args] = /\bnode ((?:-\S+ )*)/.exec(script) ?? [];
  if (args === undefined) throw new Error(`The script start:prod does not run node: ${script}`);
  return args.split(' ').filter(Boolean);
}
