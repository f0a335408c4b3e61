import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Socket } from 'node:net';
import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { Config } from '../config/config';
import { poolOf } from './pool';

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
