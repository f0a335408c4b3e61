import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module';
import { loadConfig } from '../config/config';
import { requireUpToDate } from '../database/migrate';
import { findDatabase } from '../database/open';
import { reportFailure } from '../failure';

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
  await runQuietly(async (services) => {
    const result = await command(services);
    console.log(json ? JSON.stringify(result) : describe(result));
  });
}

/** The same for a command that prints by itself. */
export async function runQuietly(command: (services: INestApplicationContext) => Promise<void>): Promise<void> {
  try {
    await withServices(command);
  } catch (error) {
    reportFailure(error);
  }
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
