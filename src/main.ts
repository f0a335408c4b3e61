import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { createApp } from './app';
import { loadConfig } from './config/config';
import { migrate, requireUpToDate } from './database/migrate';
import { openDatabase } from './database/open';
import { untilReachable } from './database/wait';
import { welcome } from './demo';
import { reportFailure } from './failure';
import { serveMetrics } from './health/metrics-server';
import { stopServing } from './http/stop';
import { Lifetime } from './lifetime';

/** With --embedded, a missing DATABASE_URL means an embedded PostgreSQL with demo data rather than a mistake. */
async function start(lifetime: Lifetime): Promise<void> {
  const { values } = parseArgs({ options: { embedded: { type: 'boolean', default: false } } });
  const config = loadConfig();
  const database = await openDatabase(config, { allowEmbedded: values.embedded });
  lifetime.atEnd(() => database.close());
  await untilReachable(database.url, config.databaseConnectTimeoutMs, lifetime.signal);
  if (config.migrateOnStart) await migrate(config.migrationDatabaseUrl ?? database.url);
  else await requireUpToDate(database.url);
  lifetime.atEnd(await serveMetrics(config));
  const app = await createApp({ ...config, databaseUrl: database.url });
  lifetime.atEnd(() => stopServing(app));
  await app.listen(config.port, config.host);
  if (database.isEmbedded) await welcome(app);
}

new Lifetime().run(start).catch(reportFailure);
