import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { checkOwner, type Cluster, clusterOf, discardReusedPid, prepareCluster, runningUrl } from './cluster';
import type { Postgres } from './programs';
import { sessionSettings, startupOptions } from '../database/connection';

interface EmbeddedPostgres {
  url: string;
  /** Stops the server unless a client is still connected to it. `atOnce`: unless another service uses it. */
  stop(options?: { atOnce?: boolean }): Promise<void>;
}

/** PostgreSQL's own settings. */
type Settings = Record<string, string>;

/** `pg` has these methods, its types lack them. */
type Lease = Client & { ref(): void; unref(): void };

interface Connection {
  url: string;
  lease: Lease;
}

const DATABASE = 'virtual_office_customers';
const START_ATTEMPTS = 5;
const JOIN_TIMEOUT_MS = 60_000;
const DISCONNECT_TIMEOUT_MS = 500;
const POLL_MS = 50;
/** All services that use the server hold it shared; the one that stops the server takes it exclusively. */
const LEASE_LOCK = 7_305_811_490;
/** No time limits: the lock is held for as long as the service runs. */
const LEASE_SETTINGS = sessionSettings({
  statement_timeout: 0,
  lock_timeout: 0,
  idle_in_transaction_session_timeout: 0,
});
/** The log holds what the server reports about itself, but no failed statements. */
const SETTINGS: Settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  log_min_messages: 'log',
  log_checkpoints: 'off',
};

/**
 * Starts the server of a data folder, or joins the one that already runs on it. Creates the cluster at the first
 * start. `settings` are PostgreSQL's own; a server that already runs keeps those it has.
 * @throws Error that says what to do when there are no programs, the folder is not usable or no server starts.
 */
export async function startEmbeddedPostgres(
  dataDir: string,
  { settings = {} }: { settings?: Settings } = {},
): Promise<EmbeddedPostgres> {
  const cluster = clusterOf(dataDir);
  const postgres = await prepareCluster(cluster);
  const connection = await joinOrLaunch(cluster, postgres, settings);
  connection.lease.unref();
  let left: Promise<void> | undefined;
  return {
    url: connection.url,
    stop: ({ atOnce = false } = {}) => (left ??= leave(cluster, postgres, connection, atOnce)),
  };
}

/**
 * The URL of the server that runs on a data folder, once it accepts connections, or undefined (used by the command
 * line, which never starts a server).
 * @throws Error when the folder is another user's or the server does not answer.
 */
export async function findEmbeddedPostgres(dataDir: string): Promise<string | undefined> {
  const cluster = clusterOf(dataDir);
  await checkOwner(cluster);
  const connection = await joinRunning(cluster);
  await connection?.lease.end();
  return connection?.url;
}

async function joinOrLaunch(cluster: Cluster, postgres: Postgres, settings: Settings): Promise<Connection> {
  let failure: unknown;
  for (let attempt = 0; attempt <= START_ATTEMPTS; attempt++) {
    if (attempt > 0) {
      // It fails when another start is faster, the port is taken meanwhile, or processes of a killed server still run.
      failure = await launch(cluster, postgres, settings).catch((error: unknown) => error);
    }
    const connection = await joinRunning(cluster);
    if (connection) return connection;
    if (attempt < START_ATTEMPTS) await sleep(100 * attempt);
  }
  throw failure ?? new Error(`The embedded PostgreSQL stops at once: see ${cluster.log}, or set DATABASE_URL.`);
}

async function launch(cluster: Cluster, postgres: Postgres, settings: Settings): Promise<void> {
  await discardReusedPid(cluster);
  const all = Object.entries({ ...SETTINGS, ...settings, port: await freePort() });
  const options = [`-D ${quote(cluster.data)}`, ...all.map(([name, value]) => `-c ${quote(`${name}=${value}`)}`)];
  await postgres.run('pg_ctl', ['start', '-s', '-w', '-o', options.join(' ')], {
    ...cluster,
    truncateLog: true,
  });
}

/** pg_ctl hands the options of the server to a shell. */
function quote(text: string): string {
  return process.platform === 'win32' ? `"${text}"` : `'${text.replaceAll("'", `'\\''`)}'`;
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}

/** Connects to the server of a cluster, if one runs. Tries again while the server starts, recovers or is replaced. */
async function joinRunning(cluster: Cluster): Promise<Connection | undefined> {
  for (const deadline = Date.now() + JOIN_TIMEOUT_MS; ; await sleep(POLL_MS)) {
    const url = await runningUrl(cluster, DATABASE);
    if (!url) return undefined;
    try {
      return { url, lease: await takeLease(url) };
    } catch (cause) {
      const isRejected = cause instanceof DatabaseError && cause.code?.startsWith('28');
      if (!isRejected && Date.now() < deadline) continue;
      const advice = `see ${cluster.log}; if no PostgreSQL runs there, remove ${cluster.pidFile}; or set DATABASE_URL.`;
      throw new Error(`The PostgreSQL of ${cluster.home} does not let us in (${String(cause)}): ${advice}`, {
        cause,
      });
    }
  }
}

/**
 * A connection that shows other services that this one uses the server, even while its pool has no connection. It is to
 * another database, as ours can be copied or renamed only while no client is connected to it.
 */
async function takeLease(url: string): Promise<Lease> {
  // `pg` takes from the environment what is missing here.
  const client = new Client({
    connectionString: new URL('/postgres', url).href,
    ssl: false,
    options: startupOptions(LEASE_SETTINGS, ''),
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
  }) as Lease;
  // The next query reports a lost connection. Without a listener, its event would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock_shared($1)', [LEASE_LOCK]);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (!rowCount) await client.query(`CREATE DATABASE ${DATABASE}`);
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** Stops the server if no other service uses it. */
async function leave(cluster: Cluster, postgres: Postgres, connection: Connection, atOnce: boolean): Promise<void> {
  const lease = await renew(connection);
  if (!lease) return;
  try {
    // If the connection breaks now, another service stops the server.
    const isOver = await isLast(lease, atOnce).catch(() => false);
    if (isOver) await postgres.run('pg_ctl', ['stop', '-s', '-w', '-m', 'fast'], cluster);
  } catch (error) {
    if (await runningUrl(cluster, DATABASE)) throw error;
  } finally {
    await lease.end();
  }
}

/** The lease, or a new one if the server has cut all connections because one of its processes crashed. */
async function renew({ url, lease }: Connection): Promise<Lease | undefined> {
  lease.ref();
  return lease.query('SELECT').then(
    () => lease,
    () => takeLease(url).catch(() => undefined),
  );
}

async function isLast(lease: Lease, atOnce: boolean): Promise<boolean> {
  await lease.query('SELECT pg_advisory_unlock_shared($1)', [LEASE_LOCK]);
  const { rows } = await lease.query('SELECT pg_try_advisory_lock($1) AS locked', [LEASE_LOCK]);
  if (!rows[0].locked || atOnce) return rows[0].locked;
  // The server needs a moment to notice that connections are closed, such as those of our own pool.
  for (const deadline = Date.now() + DISCONNECT_TIMEOUT_MS; Date.now() < deadline; await sleep(POLL_MS)) {
    const others = `FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`;
    const { rowCount } = await lease.query(`SELECT ${others}`);
    if (!rowCount) return true;
  }
  return false;
}
