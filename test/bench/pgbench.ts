import { execFile } from 'node:child_process';
import { access, readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Cleanup } from './cleanup';
import { CUSTOMERS, ID_SQL } from './customers';

const DEBIAN = '/usr/lib/postgresql';
const THREADS = 2;
const NO_ROOM = /too many clients|remaining connection slots/;

/** Transactions a second at a number of clients; undefined when the server does not let that many in. */
export type Pgbench = (clients: number, seconds: number) => Promise<number | undefined>;

/** Prepares pgbench to change one random customer of a seller after the other; undefined where it is not installed. */
export async function preparePgbench(
  { signal }: Cleanup,
  databaseUrl: string,
  sellerId: string,
  cwd: string,
): Promise<Pgbench | undefined> {
  const program = await findPgbench();
  if (!program) return undefined;
  const script = join(cwd, 'pgbench.sql');
  await writeFile(script, statements(sellerId));
  return async (clients, seconds) => {
    const threads = Math.min(THREADS, clients);
    const options = ['-n', '-M', 'prepared', '-f', script, '-c', clients, '-j', threads, '-T', seconds].map(String);
    return run(program, options, databaseUrl, signal);
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

function statements(sellerId: string): string {
  return `\\set n random(1, ${CUSTOMERS})
\\set company random(1, 1000000000)
UPDATE customers SET company_name = 'Company ' || :company, version = version + 1, updated_at = now()
 WHERE seller_id = '${sellerId}' AND id = ${ID_SQL('CAST(:n AS bigint)')};
`;
}

async function run(
  program: string,
  options: string[],
  databaseUrl: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { url, password } = withoutPassword(databaseUrl);
  const env = { ...process.env, ...(password && { PGPASSWORD: password }) };
  try {
    const { stdout } = await promisify(execFile)(program, [...options, url], { env, signal });
    return transactionsPerSecond(stdout);
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
