import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Cleanup } from './cleanup';
import { ID_SQL } from './customers';
import { type Load, percentiles } from './load';
import type { Seller } from './seller';

const DEBIAN = '/usr/lib/postgresql';
const THREADS = 2;
/** The time that it is given includes that in which the clients connect, a hundred a second at the least. */
const CLIENTS_PER_SECOND = 100;
const NO_ROOM = /too many clients|remaining connection slots/;

/** Undefined when the server does not let that many clients in. */
export type Pgbench = (clients: number, seconds: number) => Promise<Load | undefined>;

/** Prepares pgbench to change one random customer of a seller after the other; undefined where it is not installed. */
export async function preparePgbench(
  { signal }: Cleanup,
  databaseUrl: string,
  seller: Seller,
  cwd: string,
): Promise<Pgbench | undefined> {
  const program = await findPgbench();
  if (!program) return undefined;
  const script = join(cwd, 'pgbench.sql');
  await writeFile(script, statements(seller));
  return async (clients, seconds) => {
    const logs = await mkdtemp(join(cwd, 'pgbench-'));
    const threads = Math.min(THREADS, clients);
    const time = seconds + Math.ceil(clients / CLIENTS_PER_SECOND);
    const extent = ['-c', clients, '-j', threads, '-T', time].map(String);
    const options = ['-n', '-M', 'prepared', '-f', script, '-l', `--log-prefix=${join(logs, 'log')}`, ...extent];
    const output = await run(program, options, databaseUrl, signal);
    const times = await readTimes(logs);
    await rm(logs, { recursive: true });
    if (output === undefined) return undefined;
    return {
      requestsPerSecond: transactionsPerSecond(output),
      ...percentiles(times),
      requests: times.length,
      failures: 0,
    };
  };
}

/** Debian keeps it off the PATH. */
async function findPgbench(): Promise<string | undefined> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(DEBIAN, version, 'bin'));
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...newestFirst]) {
    const program = join(folder, 'pgbench');
    if (await isThere(program)) return program;
  }
  return undefined;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function statements({ id, customers }: Seller): string {
  return `\\set n random(1, ${customers})
\\set company random(1, 1000000000)
UPDATE customers SET company_name = 'Company ' || :company, version = version + 1, updated_at = now()
 WHERE seller_id = '${id}' AND id = ${ID_SQL('CAST(:n AS bigint)')};
`;
}

/** The time of each transaction in milliseconds: the logs have microseconds, in the third column. */
async function readTimes(folder: string): Promise<number[]> {
  const logs = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
  return logs.flatMap((log) => log.trimEnd().split('\n')).map((line) => Number(line.split(' ')[2]) / 1000);
}

/** What it prints. */
async function run(
  program: string,
  options: string[],
  databaseUrl: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { url, password } = withoutPassword(databaseUrl);
  const env = { ...process.env, ...(password && { PGPASSWORD: password }) };
  try {
    const { stdout } = await promisify(execFile)(program, [...options, url], { env, signal });
    return stdout;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    if (stderr && NO_ROOM.test(stderr)) return undefined;
    throw error;
  }
}

/** Everybody can see the arguments of a program. */
function withoutPassword(databaseUrl: string): { url: string; password: string } {
  const url = new URL(databaseUrl);
  const password = decodeURIComponent(url.password);
  url.password = '';
  return { url: url.href, password };
}

/** Older versions print two figures, of which the last leaves out the time to connect, as the newer ones' only one does. */
function transactionsPerSecond(output: string): number {
  const figure = [...output.matchAll(/^tps = ([\d.]+)/gm)].at(-1)?.[1];
  if (!figure || /aborted/.test(output)) throw new Error(`pgbench did not finish: ${output}`);
  return Number(figure);
}
