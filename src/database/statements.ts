import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DatabaseError, type PoolClient, type QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';
import { Config } from '../config/config';
import { poolOf } from './pool';

/**
 * A statement. PostgreSQL parses and plans one with a name, which is unique in the service, once a connection. It plans one
 * without a name each time, for the parameters at hand.
 */
export interface Statement {
  name?: string;
  text: string;
}

/**
 * An array as a parameter, in a form for which PostgreSQL keeps the plan of a statement. It keeps a plan that seems no more
 * expensive than one made for the values at hand. For short arrays the latter seems cheaper, so PostgreSQL would plan each
 * time, which takes longer than the statement itself. The subquery hides the length of the array. A kept plan has to stay
 * good while tables grow: statements look rows up one by one (LATERAL … LIMIT 1), and connections set `enable_seqscan` off.
 */
export function arrayOf(type: string, parameter: string): string {
  return `(SELECT ${parameter}::${type}[])`;
}

/** The columns of a relation, with their types. */
export type Columns = Readonly<Record<string, string>>;

/** The rows of a JSON array that is a parameter, as a relation. */
export function rowsOf(columns: Columns, parameter: string): string {
  const types = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
  return `(SELECT * FROM json_to_recordset(${parameter}) AS row (${types.join(', ')}))`;
}

/** Parameters from `$first` on, with the types of columns. */
export function parametersOf(columns: Columns, first: number): string {
  return Object.values(columns)
    .map((type, index) => `$${first + index}::${type}`)
    .join(', ');
}

/** Runs statements: each by itself, or all in one transaction. */
export interface QueryExecutor {
  /** @throws DatabaseError of `pg`, unwrapped. */
  run<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]>;
}

interface TransactionOptions {
  /** How long each of its statements waits for a lock. */
  lockTimeoutMs: number;
  /** How long each of its statements may take, if less than usual. */
  statementTimeoutMs?: number;
  /** Rolls back at the end. */
  rollback?: boolean;
}

/** SQLSTATE of a prepared statement whose columns have changed since. A new connection prepares it anew. */
const STALE_STATEMENT = '0A000';

/** Runs prepared statements on TypeORM's pool, as TypeORM can't prepare one. */
@Injectable()
export class Statements implements QueryExecutor {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly config: Config,
  ) {}

  run<Row extends QueryResultRow>(statement: Statement, values: unknown[]): Promise<Row[]> {
    return this.withClient((client) => this.query<Row>(client, statement, values));
  }

  /** READ COMMITTED: each statement sees what others have committed while the one before it waited for their locks. */
  async transaction<T>(
    { lockTimeoutMs, statementTimeoutMs, rollback = false }: TransactionOptions,
    work: (transaction: QueryExecutor) => Promise<T>,
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
        // If this fails too, the connection is broken, and withClient has the pool drop it.
        await client.query('ROLLBACK');
        return { error };
      }
    });
    if ('error' in ended) throw ended.error;
    return ended.result;
  }

  /** Runs statements on one connection, for temporary tables. It is closed at the end. */
  async withConnection<T>(use: (statements: Statements) => Promise<T>): Promise<T> {
    const client = await this.connect();
    try {
      return await use(new ConnectionStatements(client, this.database, this.config));
    } finally {
      client.release(true);
    }
  }

  private connect(): Promise<PoolClient> {
    const pool = poolOf(this.database);
    if (!pool) throw new Error('There is no connection to a database');
    return pool.connect();
  }

  protected async withClient<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.connect();
    try {
      const result = await use(client);
      client.release();
      return result;
    } catch (error) {
      client.release(isReusable(error) ? undefined : (error as Error));
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
}

class ConnectionStatements extends Statements {
  constructor(
    private readonly client: PoolClient,
    database: DataSource,
    config: Config,
  ) {
    super(database, config);
  }

  protected override withClient<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    return use(this.client);
  }
}

/** Whether the connection can be used again. `pool.query` would drop it for every error, such as an email that is taken. */
function isReusable(error: unknown): boolean {
  return error instanceof DatabaseError && error.severity === 'ERROR' && error.code !== STALE_STATEMENT;
}
