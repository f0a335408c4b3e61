import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Config } from '../config/config';
import { connectionTo } from './connection';
import { sessionSettings, type Settings } from './session-settings';
import { SellerTurns } from './fair/seller-turns';
import { LostConnections } from './lost-connections';
import { PoolLimit } from './pool-limit';
import { PoolMetrics } from './pool-metrics';
import { Statements } from './statements';

/** The pool of connections that the whole application shares. */
@Module({})
export class DatabaseModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [
        { provide: Config, useValue: config },
        Statements,
        LostConnections,
        PoolMetrics,
        PoolLimit,
        SellerTurns,
      ],
      exports: [Config, Statements, SellerTurns],
      imports: [
        TypeOrmModule.forRoot({
          ...connectionOptions(config),
          // Only the OpenAPI document is made without a database.
          manualInitialization: !config.databaseUrl,
          retryAttempts: 0,
          autoLoadEntities: true,
        }),
      ],
    };
  }
}

/** How the service, and the command line, connect. */
export function connectionOptions(config: Config) {
  return {
    type: 'postgres',
    poolSize: config.databasePoolSize,
    extra: config.databaseUrl && serviceConnection(config.databaseUrl, config),
  } as const;
}

function serviceConnection(url: string, config: Config) {
  return connectionTo(url, {
    name: 'virtual-office-customers',
    connectTimeoutMs: config.databaseConnectTimeoutMs,
    pgoptions: config.pgoptions,
    settings: serviceSettings(config),
  });
}

function serviceSettings(config: Config): Settings {
  const limits = {
    statement_timeout: config.databaseStatementTimeoutMs,
    lock_timeout: config.databaseLockTimeoutMs,
    idle_in_transaction_session_timeout: config.databaseIdleInTransactionTimeoutMs,
  };
  // What requests read has its index, which a plan made while a table is small, and kept, would else pass over.
  return sessionSettings(limits, { enable_seqscan: 'off' });
}
