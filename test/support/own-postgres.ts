import { existsSync, readFileSync } from 'node:fs';
import { appendFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres';
import { migrate } from '../../src/database/migrate';
import { clusterOf } from '../../src/embedded-postgres/cluster';
import { isAlive } from '../../src/embedded-postgres/programs';
import { portOf, TcpLink } from './tcp-link';

/** In tests the server crashes, but not the machine: so nothing has to be flushed to the disk. */
const SETTINGS = { fsync: 'off' };

const OF_SERVICE = `application_name = 'virtual-office-customers'`;

/** A PostgreSQL server of a test's own, behind a link that can break. Both can be broken at will. */
export class OwnPostgres {
  private constructor(
    private readonly folder: string,
    private server: Awaited<ReturnType<typeof startEmbeddedPostgres>>,
    readonly link: TcpLink,
  ) {}

  static async start(): Promise<OwnPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'customers-test-'));
    const server = await startEmbeddedPostgres(folder, { settings: SETTINGS });
    await migrate(server.url);
    return new OwnPostgres(folder, server, await TcpLink.to(server.url));
  }

  /** A second server that follows this one, from a copy of its files. */
  async makeStandby(): Promise<OwnPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'customers-test-'));
    await this.stop();
    const [home, copy] = [clusterOf(this.folder).home, clusterOf(folder)];
    await cp(home, copy.home, { recursive: true, preserveTimestamps: true });
    await this.start();
    const { hostname, port, username, password } = new URL(this.server.url);
    const source = `host=${hostname} port=${port} user=${username} password=${password}`;
    await writeFile(join(copy.data, 'standby.signal'), '');
    await appendFile(join(copy.data, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`);
    const server = await startEmbeddedPostgres(folder, { settings: SETTINGS });
    return new OwnPostgres(folder, server, await TcpLink.to(server.url));
  }

  /** Whoever is connected to the other one by its link finds this one there, as behind a name. */
  async takePlaceOf(other: OwnPostgres): Promise<void> {
    const { password } = new URL(other.server.url);
    await this.admin(`ALTER ROLE postgres PASSWORD '${password}'`);
    other.link.target = portOf(this.server.url);
    await other.stop();
  }

  async remove(): Promise<void> {
    this.link.close();
    this.thaw();
    await this.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The URL that leads through the link. */
  get url(): string {
    return this.link.urlOf(this.server.url);
  }

  /** Bypasses the link, which accepts connections even while the server is frozen. */
  get directUrl(): string {
    return this.server.url;
  }

  /** The name of the service's database. */
  get database(): string {
    return new URL(this.server.url).pathname.slice(1);
  }

  /** Uses a connection of its own, which bypasses the link. */
  sql(text: string): Promise<Record<string, any>[]> {
    return query(this.server.url, text);
  }

  /** As `sql`, but connected to another database than the service's. */
  admin(text: string): Promise<Record<string, any>[]> {
    return query(new URL('/postgres', this.server.url).href, text);
  }

  /** Does something while a transaction is open that has run a statement. */
  async holding(statement: string, work: () => Promise<void>): Promise<void> {
    const client = new Client(this.server.url);
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query(statement);
      await work();
    } finally {
      await client.end();
    }
  }

  /** Ends all connections at once, whoever uses them. */
  async stop(): Promise<void> {
    const [pid] = this.pids();
    if (pid === undefined) return;
    process.kill(pid, 'SIGINT');
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async start(): Promise<void> {
    this.server = await startEmbeddedPostgres(this.folder, { settings: SETTINGS });
    this.link.target = portOf(this.server.url);
  }

  /** Stops all processes of the server: connections stay open, but nothing is answered. */
  freeze(): void {
    for (const pid of this.pids()) signal(pid, 'SIGSTOP');
  }

  thaw(): void {
    for (const pid of this.pids()) signal(pid, 'SIGCONT');
  }

  /** Kills the process of one connection: the server then ends all connections, and recovers. */
  async crash(): Promise<void> {
    const [row] = await this.admin(`SELECT pid FROM pg_stat_activity WHERE ${OF_SERVICE} LIMIT 1`);
    process.kill(row?.pid, 'SIGKILL');
  }

  async endBackends(): Promise<void> {
    await this.admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${OF_SERVICE}`);
  }

  /** Kills the server's first process, and then the others. */
  private pids(): number[] {
    const { pidFile } = clusterOf(this.folder);
    if (!existsSync(pidFile)) return [];
    const pid = parseInt(readFileSync(pidFile, 'utf8'), 10);
    return [pid, ...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)];
  }
}

/** One that has ended meanwhile needs none. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function query(url: string, text: string): Promise<Record<string, any>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
