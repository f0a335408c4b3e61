import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import { Gauge } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';

let pool: Pool | undefined;

new Gauge({
  name: 'database_pool_connections',
  help: 'Connections to the database that are in use or idle, and requests for one that wait',
  labelNames: ['state'],
  collect(): void {
    if (!pool) return;
    this.set({ state: 'used' }, pool.totalCount - pool.idleCount);
    this.set({ state: 'idle' }, pool.idleCount);
    this.set({ state: 'waiting' }, pool.waitingCount);
  },
});

/** Has it shown how the pool of connections is used: the process's only one. */
@Injectable()
export class PoolMetrics implements OnModuleInit {
  constructor(@InjectDataSource() private readonly database: DataSource) {}

  onModuleInit(): void {
    pool = (this.database.driver as PostgresDriver).master as Pool | undefined;
  }
}
