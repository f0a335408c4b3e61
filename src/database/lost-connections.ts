import { Injectable, type OnModuleInit } from '@nestjs/common';
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
export class LostConnections implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    const pool = (this.database.driver as PostgresDriver).master as Pool | undefined;
    const patience = this.config.databaseStatementTimeoutMs + GRACE_MS;
    const idle = new Set<Socket>();
    function cut(this: Socket): void {
      for (const socket of [this, ...idle]) socket.destroy(new Error('Connection terminated: the database is silent'));
    }
    pool?.on('acquire', (client) => {
      client.on('error', ignore);
      socketOf(client).setTimeout(patience, cut);
      idle.delete(socketOf(client));
    });
    pool?.on('release', (_error, client) => {
      client.off('error', ignore);
      socketOf(client).setTimeout(0, cut);
      idle.add(socketOf(client));
    });
    pool?.on('remove', (client) => idle.delete(socketOf(client)));
  }
}

/** Whoever has the connection hears of its end from the statement; an event that nobody hears would be thrown. */
function ignore(): void {
  return undefined;
}

function socketOf(client: PoolClient): Socket {
  return (client as PoolClient & { connection: { stream: Socket } }).connection.stream;
}
