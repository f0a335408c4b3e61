import 'reflect-metadata';
import { parseArgs } from 'node:util';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from './app';
import { type Config, loadConfig } from './config/config';
import { migrate, requireUpToDate } from './database/migrate';
import { openDatabase } from './database/open';
import { welcome } from './demo';

/** With --embedded, a missing DATABASE_URL means an embedded PostgreSQL with demo data rather than a mistake. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { embedded: { type: 'boolean', default: false } } });
  const config = loadConfig();
  const database = await openDatabase(config, { allowEmbedded: values.embedded });
  try {
    const app = await start({ ...config, databaseUrl: database.url });
    stopOnSignal(async () => {
      await app.close();
      await database.close();
    });
    if (database.isEmbedded) await welcome(app);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function start(config: Config & { databaseUrl: string }): Promise<NestFastifyApplication> {
  if (config.migrateOnStart) await migrate(config.databaseUrl);
  else await requireUpToDate(config.databaseUrl);
  const app = await createApp(config);
  try {
    await app.listen(config.port, config.host);
    return app;
  } catch (error) {
    await app.close();
    throw error;
  }
}

function stopOnSignal(stop: () => Promise<void>): void {
  let stopping: Promise<void> | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => (stopping ??= stop().catch(fail)));
  }
}

function fail(error: Error): void {
  console.error(error.message);
  process.exitCode = 1;
}

void main().catch(fail);
