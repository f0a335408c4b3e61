import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DatabaseError, type Pool, type PoolClient, type QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Config } from '../config/config';

/**
 * A statement. Its name, unique in the service, lets PostgreSQL parse and plan it once a connection; one without is planned
 * for its parameters, each time.
 */
export interface Statement {
  name?: string;
  text: string;
}

/**
 * A parameter that is an array, for a statement to keep its plan. PostgreSQL keeps one that costs no more than one made for
 * the values at hand; for few of them it would find that cheaper, and plan anew each time, which takes longer than the
 * statement itself. Behind a subquery it does not see how many there are. What is kept has to hold as tables grow: what each
 * request needs is looked up one by one (LATERAL … LIMIT 1), and connections avoid to read whole tables.
 */
export function arrayOf(type: string, parameter: string): string {
  return `(SELECT ${parameter}::${type}[])`;
}

/** Where statements can be run: each by itself, or all in one transaction. */
export interface Runner {
  /** @throws DatabaseError of `pg`, unwrapped. */
  run<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]>;
}

export interface TransactionOptions {
  /** How long each of its statements waits for what others hold locked. */
  lockTimeoutMs: number;
  /** How long each of its statements may take, where that is less than for any other. */
  statementTimeoutMs?: number;
  /** Undoes all of it at the end. */
  rollback?: boolean;
}

/** What a statement meets whose result has changed since it was prepared: on a new connection it is prepared anew. */
const STALE = '0A000';

/** Runs prepared statements on TypeORM's own pool, as TypeORM has no way to prepare one. */
@Injectable()
export class Statements implements Runner {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly config: Config,
  ) {}

  run<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]> {
    return this.withClient((client) => this.query<Row>(client, statement, values));
  }

  /** READ COMMITTED, for each statement to see what others have committed while the one before it waited for them. */
  async transaction<T>(
    { lockTimeoutMs, statementTimeoutMs, rollback = false }: TransactionOptions,
    work: (transaction: Runner) => Promise<T>,
  ): Promise<T> {
    const limits = {
      lock_timeout: lockTimeoutMs,
      ...(statementTimeoutMs && { statement_timeout: statementTimeoutMs }),
    };
    const settings = Object.entries(limits).map(([name, ms]) => `; SET LOCAL ${name} = ${Math.ceil(ms)}`);
    const begin = `BEGIN ISOLATION LEVEL READ COMMITTED${settings.join('')}`;
    const ended = await this.withClient(async (client) => {
      await client.query(begin);
      try {
        const result = await work({ run: (statement, values) => this.query(client, statement, values) });
        await client.query(rollback ? 'ROLLBACK' : 'COMMIT');
        return { result };
      } catch (error) {
        // Where even this fails, the connection is broken, and the pool is to drop it.
        await client.query('ROLLBACK');
        return { error };
      }
    });
    if ('error' in ended) throw ended.error;
    return ended.result;
  }

  private async withClient<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    try {
      const result = await use(client);
      client.release();
      return result;
    } catch (error) {
      client.release(canGoOn(error) ? undefined : (error as Error));
      throw error;
    }
  }

  private async query<Row extends QueryResultRow>(
    client: PoolClient,
    { name, text }: Statement,
    values: unknown[],
  ): Promise<Row[]> {
    const isPrepared = this.config.databasePreparedStatements && name !== undefined;
    const statement = isPrepared ? { name, text, values } : { text, values };
    return (await client.query<Row>(statement)).rows;
  }

  private get pool(): Pool {
    return (this.database.driver as PostgresDriver).master;
  }
}

/** Whether the connection is as good as before: `pool.query` would give it up for every error, such as an email that is taken. */
function canGoOn(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === 'ERROR' && error.code !== STALE;
}
