import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from './app';
import type { Config } from './config/config';
import { migrate, requireUpToDate } from './database/migrate';
import { untilReachable } from './database/prerequisites';
import { welcome } from './demo';
import { openDatabase } from './embedded-postgres/open-database';
import { serveMetrics } from './health/metrics-server';
import { untilListening } from './http/adapter/listen';
import { stopServing } from './http/adapter/stop';
import type { Lifetime } from './lifetime';
import { findOrMakeSecretKey } from './webhooks/webhook-secrets';

export interface ServeOptions {
  /** A missing DATABASE_URL means an embedded PostgreSQL with demo data rather than a mistake. */
  allowEmbedded: boolean;
}

/** Brings up database, metrics and API, in this order. */
export async function serve(config: Config, lifetime: Lifetime, options: ServeOptions): Promise<void> {
  const opening = openDatabase(config, options);
  const close = (atOnce: boolean) =>
    opening.then(
      (database) => database.close(atOnce),
      () => undefined,
    );
  // Registered before it is open: an end of the process during the start stops the server, too.
  lifetime.atEnd(close, { evenAtOnce: true });
  const database = await opening;
  await untilReachable(database.url, config, lifetime.signal);
  const { pgoptions } = config;
  if (config.migrateOnStart) {
    await migrate(config.migrationDatabaseUrl ?? database.url, { signal: lifetime.signal, pgoptions });
  }
  await requireUpToDate(database.url, config);
  lifetime.atEnd(await serveMetrics(config));
  const keptKey = database.isEmbedded ? await findOrMakeSecretKey(config.dataDir) : undefined;
  const webhookSecretKey = config.webhookSecretKey ?? keptKey;
  const app = await createApp({ ...config, databaseUrl: database.url, webhookSecretKey });
  lifetime.atEnd(() => stopServing(app, config));
  app.getHttpAdapter().getInstance().prepareDocs();
  const origin = await listen(app, config);
  if (!webhookSecretKey) new Logger('Webhooks').warn('There are no webhooks, as WEBHOOK_SECRET_KEY is not set');
  if (database.isEmbedded) await welcome(app, origin);
}

/** How many connections may wait to be taken: when there are more, the kernel lets clients try again after a second or several. */
const MAX_NEW_CONNECTIONS = 4096;

/** By Fastify itself: Nest would also log why it can't. */
function listen(app: NestFastifyApplication, { host, port }: Config): Promise<string> {
  const listening = app.getHttpAdapter().getInstance().listen({ host, port, backlog: MAX_NEW_CONNECTIONS });
  return untilListening(listening, { host, port, variable: 'PORT' });
}
