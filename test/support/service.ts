import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../../src/app';
import { type Config, parseConfig } from '../../src/config/config';

/** The real application, listening on a port of its own. */
export interface Service {
  app: NestFastifyApplication;
  url: string;
  port: number;
}

export function databaseUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('The global set-up has not run');
  return url;
}

let common: Partial<Config> = {};

/** Further settings of all services that are started from now on. */
export function configureServices(config: Partial<Config>): void {
  common = config;
}

export async function startService(overrides: Partial<Config> = {}): Promise<Service> {
  const defaults = parseConfig({
    DATABASE_URL: databaseUrl(),
    LOG_LEVEL: 'silent',
    DATABASE_POOL_SIZE: '20',
    // A machine that runs two files at once may stand still for longer than the default, which the tests of faults keep.
    ANSWER_TIMEOUT_MS: '10000',
    RATE_LIMIT_PER_MINUTE: '10000000',
    WEBHOOK_SECRET_KEY: '0'.repeat(64),
    WEBHOOK_ALLOW_PRIVATE: 'true',
    // The services of the tests share a database: each would deliver the events of the others.
    WEBHOOK_WORKERS: '0',
  });
  const app = await createApp({ ...defaults, ...common, ...overrides });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { app, url, port: Number(new URL(url).port) };
}

/** Runs a service for the tests of a file. The fields of what it returns are set before the first test. */
export function useService(overrides: Partial<Config> = {}): Service {
  const service = {} as Service;
  beforeAll(async () => void Object.assign(service, await startService(overrides)));
  afterAll(() => service.app.close());
  return service;
}
