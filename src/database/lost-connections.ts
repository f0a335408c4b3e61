import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Socket } from 'node:net';
import type { Pool, PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Config } from '../config/config';

/** What the server may need beyond its own limit for a statement to say that it gave up. */
const GRACE_MS = 250;

/**
 * Cuts a connection on which nothing arrives while someone waits for an answer: its server froze, or is gone without a
 * word. The pool then opens another, where `query_timeout` of `pg` would hand out the same one again. The idle ones go
 * with it, lest each of them is tried in turn. And keeps the end of a connection from ending the process.
 */
@Injectable()
export class LostConnections implements OnModuleInit, BeforeApplicationShutdown {
  private readonly watched = new WeakSet<Socket>();
  private readonly idle = new Set<Socket>();
  /** How long an idle connection may be silent: for ever, until it is asked to close. */
  private idlePatience = 0;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly config: Config,
  ) {}

  async onModuleInit(): Promise<void> {
    const pool = (this.database.driver as PostgresDriver).master as Pool | undefined;
    // Not at 'connect', which TypeORM's own first connection has behind it by now.
    pool?.on('acquire', (client) => {
      client.on('error', ignore);
      const socket = socketOf(client);
      if (!this.watched.has(socket)) socket.on('timeout', () => this.cut(socket));
      this.watched.add(socket);
      socket.setTimeout(this.patience);
      this.idle.delete(socket);
    });
    pool?.on('release', (_error, client) => {
      client.off('error', ignore);
      socketOf(client).setTimeout(this.idlePatience);
      this.idle.add(socketOf(client));
    });
    pool?.on('remove', (client) => this.idle.delete(socketOf(client)));
    // That first one is idle, and has to be known as such.
    (await pool?.connect())?.release();
  }

  /** The pool waits for the server's end of each connection, which never comes from one that is silent. */
  beforeApplicationShutdown(): void {
    this.idlePatience = this.patience;
    for (const socket of this.idle) socket.setTimeout(this.idlePatience);
  }

  private get patience(): number {
    return this.config.databaseStatementTimeoutMs + GRACE_MS;
  }

  private cut(silent: Socket): void {
    const error = new Error('Connection terminated: the database is silent');
    for (const socket of [silent, ...this.idle]) socket.destroy(error);
  }
}

/** Whoever has the connection hears of its end from the statement; an event that nobody hears would be thrown. */
function ignore(): void {
  return undefined;
}

function socketOf(client: PoolClient): Socket {
  return (client as PoolClient & { connection: { stream: Socket } }).connection.stream;
}
