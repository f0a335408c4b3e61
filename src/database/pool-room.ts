import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Config } from '../config/config';
import { OverloadedError, WAITING_PER_CONNECTION } from './unavailable';

/** Keeps the queue for connections short, which `pg` lets grow without end. */
@Injectable()
export class PoolRoom {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly config: Config,
  ) {}

  /** @throws OverloadedError when so many wait for a connection that one more had better come again. */
  require(): void {
    const { waitingCount } = (this.database.driver as PostgresDriver).master as Pool;
    if (waitingCount >= this.config.databasePoolSize * WAITING_PER_CONNECTION) throw new OverloadedError();
  }
}
