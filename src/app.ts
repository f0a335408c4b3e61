import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module';
import type { Config } from './config/config';
import { serveDocs } from './http/openapi/docs-page';
import { createLog, NestLog } from './http/adapter/log';
import { ApiFastifyAdapter } from './http/adapter/api-fastify-adapter';

/** The application as it runs in production, connected to its (migrated) database but not listening yet. */
export async function createApp(config: Config): Promise<NestFastifyApplication> {
  const log = createLog(config);
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config),
    new ApiFastifyAdapter(config, log),
    {
      logger: new NestLog(log),
      abortOnError: false,
    },
  );
  serveDocs(app);
  return app.init();
}
