import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module';
import { loadConfig } from '../config/config';
import { requireUpToDate } from '../database/migrate';
import { findDatabase } from '../database/open';
import { ValidationException } from '../http/errors';

export interface OutputOptions {
  json?: boolean;
}

/**
 * Runs a command on the service's own modules and prints what it returns: with `--json` the object on one line,
 * otherwise a text for people. Errors go to stderr, with exit code 1.
 */
export async function run<T extends object>(
  { json }: OutputOptions,
  command: (services: INestApplicationContext) => Promise<T>,
  describe: (result: T) => string,
): Promise<void> {
  try {
    const result = await withServices(command);
    console.log(json ? JSON.stringify(result) : describe(result));
  } catch (error) {
    reportFailure(error);
  }
}

export function reportFailure(error: unknown): void {
  const messages = error instanceof ValidationException ? error.problem.errors : [error as Error];
  for (const { message } of messages) console.error(message || String(error));
  process.exitCode = 1;
}

async function withServices<T>(command: (services: INestApplicationContext) => Promise<T>): Promise<T> {
  const config = loadConfig();
  const databaseUrl = await findDatabase(config);
  await requireUpToDate(databaseUrl);
  const services = await NestFactory.createApplicationContext(AppModule.forRoot({ ...config, databaseUrl }), {
    logger: false,
    abortOnError: false,
  });
  try {
    return await command(services);
  } finally {
    await services.close();
  }
}
