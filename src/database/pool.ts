import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Pool, PoolClient } from 'pg';
import { Gauge } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Config } from '../config/config';
import { isTooManyConnections } from './errors';
import type { Socket } from 'node:net';

/** How long the pool keeps to a limit before it tries for one connection more. */
const GROW_AFTER_MS = 10_000;

/** By then, all attempts that were under way have shown how many connections the database allows. */
const REPORT_AFTER_MS = 1000;

/** The process has only one. */
let observed: Pool | undefined;

new Gauge({
  name: 'database_pool_size',
  help: 'The most connections that the pool opens: DATABASE_POOL_SIZE, or fewer where the database does not allow as many',
  collect(): void {
    this.set(observed?.options.max ?? 0);
  },
});

new Gauge({
  name: 'database_pool_connections',
  help: 'Connections to the database that are in use or idle, and requests for one that wait',
  labelNames: ['state'],
  collect(): void {
    if (!observed) return;
    this.set({ state: 'used' }, observed.totalCount - observed.idleCount);
    this.set({ state: 'idle' }, observed.idleCount);
    this.set({ state: 'waiting' }, observed.waitingCount);
  },
});

/**
 * The pool of `pg` inside TypeORM, undefined before TypeORM has connected. TypeORM offers no way to it, nor to named
 * statements and the events of connections: this is the only place that depends on where TypeORM keeps it.
 */
export function poolOf(database: DataSource): Pool | undefined {
  return (database.driver as PostgresDriver).master as Pool | undefined;
}

type Callback = (error: Error | undefined, client: PoolClient | undefined, release: PoolClient['release']) => void;

/**
 * Lets the pool make do with fewer connections than configured, where the database allows no more: to the role, to the
 * database, or in all. A request that meets this limit waits for a connection that is open, rather than getting an error.
 */
@Injectable()
export class PoolLimit implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger(PoolLimit.name);
  private lowestSince = 0;
  private report?: NodeJS.Timeout;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    const pool = poolOf(this.database);
    if (!pool) return;
    observed = pool;
    const connect = pool.connect.bind(pool) as () => Promise<PoolClient>;
    const connectWithinLimit = () => this.connect(pool, connect);
    // TypeORM takes connections with a callback.
    const either = (callback?: Callback) => {
      const client = connectWithinLimit();
      if (!callback) return client;
      client.then(
        (client) => callback(undefined, client, client.release.bind(client)),
        (error: Error) => callback(error, undefined, () => undefined),
      );
      return undefined;
    };
    pool.connect = either as Pool['connect'];
  }

  onApplicationShutdown(): void {
    clearTimeout(this.report);
  }

  private async connect(pool: Pool, connect: () => Promise<PoolClient>): Promise<PoolClient> {
    this.growNowAndThen(pool);
    for (;;) {
      try {
        return await connect();
      } catch (error) {
        // Connections that are being opened count: each that fails lowers the limit further.
        if (!isTooManyConnections(error) || pool.totalCount === 0) throw error;
        this.lower(pool, error);
      }
    }
  }

  private growNowAndThen(pool: Pool): void {
    const isLimited = pool.options.max < this.config.databasePoolSize;
    if (!isLimited || performance.now() - this.lowestSince < GROW_AFTER_MS) return;
    this.lowestSince = performance.now();
    this.resize(pool, pool.options.max + 1);
  }

  private lower(pool: Pool, error: Error): void {
    const isKnown = this.report !== undefined;
    this.lowestSince = performance.now();
    this.resize(pool, Math.min(pool.options.max, pool.totalCount));
    if (isKnown) return;
    this.report = setTimeout(() => {
      this.log.warn(
        `The database allows ${pool.options.max} connections instead of ${this.config.databasePoolSize} ` +
          `(${(error as { code?: string }).code}). The service goes on with these, and tries for more now and then.`,
      );
    }, REPORT_AFTER_MS).unref();
  }

  private resize(pool: Pool, size: number): void {
    pool.options.max = size;
    // Once the pool has its full size again, the next limit is reported anew.
    if (size >= this.config.databasePoolSize) this.report = undefined;
  }
}

/** How long the server may need, past the time limit of a statement, to answer that it gave up. */
const GRACE_MS = 250;

/**
 * Closes a connection of the pool on which no answer arrives in time: its server is frozen, or can't be reached any more. The
 * pool then opens another; after a `query_timeout` of `pg` it would hand out the same one again. All idle connections are
 * closed as well, as they lead to the same server. A lost connection never ends the process.
 */
@Injectable()
export class LostConnections implements OnModuleInit, BeforeApplicationShutdown {
  private readonly watched = new WeakSet<Socket>();
  private readonly idle = new Set<Socket>();
  /** How long an idle connection may be silent. 0 is for ever; from the shutdown on, there is a limit. */
  private idleLimitMs = 0;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly config: Config,
  ) {}

  async onModuleInit(): Promise<void> {
    const pool = poolOf(this.database);
    // Not at 'connect': TypeORM has opened its first connection before this.
    pool?.on('acquire', (client) => {
      client.on('error', ignore);
      const socket = socketOf(client);
      if (!this.watched.has(socket)) socket.on('timeout', () => this.cut(socket));
      this.watched.add(socket);
      socket.setTimeout(this.silenceLimitMs);
      this.idle.delete(socket);
    });
    pool?.on('release', (_error, client) => {
      client.off('error', ignore);
      socketOf(client).setTimeout(this.idleLimitMs);
      this.idle.add(socketOf(client));
    });
    pool?.on('remove', (client) => this.idle.delete(socketOf(client)));
    // Registers that first connection as idle.
    (await pool?.connect())?.release();
  }

  /** The pool waits until the server has closed each connection, which a silent server never does. */
  beforeApplicationShutdown(): void {
    this.idleLimitMs = this.silenceLimitMs;
    for (const socket of this.idle) socket.setTimeout(this.idleLimitMs);
  }

  private get silenceLimitMs(): number {
    return this.config.databaseStatementTimeoutMs + GRACE_MS;
  }

  private cut(silent: Socket): void {
    const error = new Error('Connection terminated: the database is silent');
    for (const socket of [silent, ...this.idle]) socket.destroy(error);
  }
}

/** The statement under way fails by itself. An `error` event without a listener would end the process. */
function ignore(): void {
  return undefined;
}

function socketOf(client: PoolClient): Socket {
  return (client as PoolClient & { connection: { stream: Socket } }).connection.stream;
}
