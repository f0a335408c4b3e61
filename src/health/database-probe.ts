import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { Config } from '../config/config';
import { connectionTo, serviceSettings } from '../database/connection';
import { isTooManyConnections } from '../database/errors';

/**
 * Asks the database whether it answers, on a connection of its own: in the pool, readiness would wait behind requests, and
 * a load balancer would take all instances out for being busy.
 */
@Injectable()
export class DatabaseProbe implements OnModuleDestroy {
  private readonly pool: Pool;

  constructor(
    @InjectDataSource() private readonly database: DataSource,
    config: Config,
  ) {
    const {
      databaseUrl,
      databasePooler,
      databaseConnectTimeoutMs: connectTimeoutMs,
      databaseStatementTimeoutMs,
    } = config;
    const settings = databasePooler === 'none' ? serviceSettings(config) : undefined;
    this.pool = new Pool({
      ...(databaseUrl &&
        connectionTo(databaseUrl, { name: 'virtual-office-customers-probe', connectTimeoutMs, settings })),
      max: 1,
      query_timeout: databaseStatementTimeoutMs,
      // One that never ends, as its server is silent, does not keep the process.
      allowExitOnIdle: true,
    });
    // An idle connection that breaks shows at the next question.
    this.pool.on('error', () => undefined);
  }

  /** @throws Error of `pg` when there is no answer in time. */
  async ask(): Promise<void> {
    try {
      await this.pool.query('SELECT 1');
    } catch (error) {
      // If the database allows no more connections, those of the pool show how it is.
      if (!isTooManyConnections(error)) throw error;
      await this.database.query('SELECT 1');
    }
  }

  onModuleDestroy(): void {
    if (!this.pool.ending) void this.pool.end();
  }
}
