import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Config } from '../config/config';
import { connectionTo, serviceSettings } from './connection';
import { SellerTurns } from './fair/fair-turns';
import { LostConnections, PoolLimit } from './pool';
import { Statements } from './statements';

/** The pool of connections that the whole application shares. */
@Module({})
export class DatabaseModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: Config, useValue: config }, Statements, LostConnections, PoolLimit, SellerTurns],
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
    settings: config.databasePooler === 'none' ? serviceSettings(config) : undefined,
  });
}
