import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DatabaseError, type Pool, type QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Config } from '../config/config';

/** A statement of the hot path. Its name, unique in the service, lets PostgreSQL parse and plan it once a connection. */
export interface Statement {
  name: string;
  text: string;
}

/** Runs prepared statements on TypeORM's own pool, as TypeORM has no way to prepare one. */
@Injectable()
export class Statements {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly config: Config,
  ) {}

  /** @throws DatabaseError of `pg`, unwrapped. */
  async run<Row extends QueryResultRow>({ name, text }: Statement, values: unknown[]): Promise<Row[]> {
    const statement = this.config.databasePreparedStatements ? { name, text, values } : { text, values };
    const client = await this.pool.connect();
    try {
      const { rows } = await client.query<Row>(statement);
      client.release();
      return rows;
    } catch (error) {
      // `pool.query` would give up the connection for every error, such as an email that is taken.
      client.release(error instanceof DatabaseError && error.severity === 'ERROR' ? undefined : (error as Error));
      throw error;
    }
  }

  private get pool(): Pool {
    return (this.database.driver as PostgresDriver).master;
  }
}
