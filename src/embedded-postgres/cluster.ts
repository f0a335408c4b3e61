import { randomBytes } from 'node:crypto';
import { lchown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findPostgres, isAlive, isPostgres, type Postgres, readIfPresent, statIfPresent } from './programs';

/** The files of the one PostgreSQL cluster in a data folder. */
export interface Cluster {
  dataDir: string;
  /** The folder of all the rest. It appears complete, by a rename. */
  home: string;
  data: string;
  log: string;
  passwordFile: string;
  pidFile: string;
}

const STALE_AFTER_MS = 600_000;
/** Text sorts as in the locale C, but letters beyond ASCII have upper and lower case. */
const LOCALE = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];

export function clusterOf(folder: string): Cluster {
  const dataDir = resolve(folder);
  const home = join(dataDir, 'postgres');
  return { dataDir, ...filesIn(home) };
}

function filesIn(home: string) {
  const data = join(home, 'data');
  const [log, passwordFile] = [join(home, 'server.log'), join(home, 'password')];
  return { home, data, log, passwordFile, pidFile: join(data, 'postmaster.pid') };
}

/**
 * Creates the cluster if there is none, and finds the programs that work on it.
 * @throws Error that says what to do when there are no programs or the folder is not usable.
 */
export async function prepareCluster(cluster: Cluster): Promise<Postgres> {
  await checkOwner(cluster);
  return explained(cluster, prepare(cluster));
}

/** @throws Error when the cluster belongs to another user than root and ours: its password would not be readable. */
export async function checkOwner(cluster: Cluster): Promise<void> {
  const owner = await explained(cluster, statIfPresent(cluster.home));
  const self = process.geteuid?.();
  if (!owner || !self || owner.uid === self) return;
  throw new Error(`${cluster.home} belongs to user ${owner.uid}: start as that user, or set DATA_DIR or DATABASE_URL.`);
}

async function explained<T>({ dataDir }: Cluster, work: Promise<T>): Promise<T> {
  return work.catch((cause: Error) => {
    if (!('syscall' in cause)) throw cause;
    const advice = 'make it accessible, or set DATA_DIR or DATABASE_URL';
    throw new Error(`The data folder ${dataDir} cannot be used (${cause.message}): ${advice}.`, { cause });
  });
}

async function prepare({ dataDir, ...cluster }: Cluster): Promise<Postgres> {
  await mkdir(dataDir, { recursive: true });
  const postgres = await findPostgres([cluster.home, dataDir]);
  await removeLeftovers(dataDir);
  if (!(await statIfPresent(join(cluster.data, 'PG_VERSION')))) await createCluster(cluster.home, postgres);
  // A copy of the folder that root has made belongs to root.
  if ((await statIfPresent(cluster.home))?.uid === 0) await handOver(cluster.home, postgres);
  return postgres;
}

/** Removes the files of a start that was killed while it created the cluster. */
async function removeLeftovers(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const pid = /^postgres\.new-(\d+)-/.exec(name)?.[1];
    if (!pid) continue;
    const folder = join(dataDir, name);
    // The id of a killed process may be in use again. Therefore the age of the folder counts, too.
    const changed = (await statIfPresent(folder))?.mtimeMs ?? 0;
    if (isAlive(Number(pid)) && changed > Date.now() - STALE_AFTER_MS) continue;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Works in a temporary folder, so that a cluster is complete or absent. When several start at once, the first wins. */
async function createCluster(home: string, postgres: Postgres): Promise<void> {
  const draft = filesIn(`${home}.new-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await mkdir(draft.data, { recursive: true, mode: 0o700 });
    await writeFile(draft.passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600, flush: true });
    await handOver(draft.home, postgres);
    const options = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${draft.passwordFile}`, ...LOCALE];
    await postgres.run('initdb', options, draft);
    await rename(draft.home, home);
  } catch (error) {
    // Another start may have been faster. Its cluster is as good.
    if (!(await statIfPresent(filesIn(home).data))) throw error;
  } finally {
    await rm(draft.home, { recursive: true, force: true });
  }
}

/** The folder itself comes last: its owner shows that all files have been handed over. */
async function handOver(folder: string, { account }: Postgres): Promise<void> {
  if (!account) return;
  for (const name of [...(await readdir(folder, { recursive: true })), '']) {
    await lchown(join(folder, name), account.uid, account.gid);
  }
}

/** The URL of a database on the server of a cluster, or undefined when none runs. */
export async function runningUrl({ pidFile, passwordFile }: Cluster, database: string): Promise<string | undefined> {
  const [pid, , , port] = (await readIfPresent(pidFile)).split('\n');
  if (!port || !(await isPostgres(Number(pid)))) return undefined;
  return `postgres://postgres:${await readFile(passwordFile, 'utf8')}@127.0.0.1:${port}/${database}`;
}

/** PostgreSQL does not start while the process id in its pid file is in use, even by another program. */
export async function discardReusedPid({ pidFile }: Cluster): Promise<void> {
  const text = await readIfPresent(pidFile);
  const pid = parseInt(text, 10);
  if (!pid || !isAlive(pid) || (await isPostgres(pid))) return;
  const aside = `${pidFile}.${process.pid}`;
  await rename(pidFile, aside);
  // Another start may have written its own file meanwhile.
  if ((await readFile(aside, 'utf8')) === text) await rm(aside);
  else await rename(aside, pidFile);
}
