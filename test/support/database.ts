import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { Config } from '../../src/config/config';
import { migrate } from '../../src/database/migrate';
import type { Account } from './factories';
import { databaseUrl, type Service, startService } from './service';

/** A migrated database for tests that would disturb others in the common one. Dropped afterwards. */
export async function withDatabase<T>(use: (url: string) => Promise<T>): Promise<T> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  try {
    return await use(await makeDatabase(name));
  } finally {
    await dropDatabase(name);
  }
}

/** A database with nothing in it, made with some options of CREATE DATABASE. Dropped afterwards. */
export async function withEmptyDatabase<T>(options: string, use: (url: string) => Promise<T>): Promise<T> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  try {
    await administer(`CREATE DATABASE ${name} ${options}`);
    return await use(Object.assign(new URL(databaseUrl()), { pathname: name }).href);
  } finally {
    await dropDatabase(name);
  }
}

/** Runs statements in a database, one after the other, and returns the rows of the last one. */
export async function runSql(url: string, ...statements: string[]): Promise<Record<string, any>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    let rows: Record<string, any>[] = [];
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.end();
  }
}

/** As `useService`, on a migrated database of the file's own, whose URL is `databaseUrl`. */
export function useServiceWithDatabase(overrides: Partial<Config> = {}): Service & { databaseUrl: string } {
  const service = {} as Service & { databaseUrl: string };
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  beforeAll(async () => {
    const url = await makeDatabase(name);
    Object.assign(service, await startService({ ...overrides, databaseUrl: url }), { databaseUrl: url });
  });
  afterAll(async () => {
    await service.app?.close();
    await dropDatabase(name);
  });
  return service;
}

/**
 * Makes PostgreSQL do something before updates of one customer, for as long as the database is there. Only in a database
 * of the test's own: to make a trigger is to wait for all who write customers.
 */
export async function beforeUpdates(account: Account, id: string, statement: string, when = 'true'): Promise<void> {
  const name = `before_${id.replaceAll('-', '')}`;
  await account.sql(
    `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${statement}; RETURN NEW; END $$`,
  );
  await account.sql(`CREATE TRIGGER ${name} BEFORE UPDATE ON customers FOR EACH ROW
    WHEN (OLD.id = '${id}' AND ${when}) EXECUTE FUNCTION ${name}()`);
}

async function makeDatabase(name: string): Promise<string> {
  await administer(`CREATE DATABASE ${name}`);
  const url = new URL(databaseUrl());
  url.pathname = name;
  await migrate(url.href);
  return url.href;
}

function dropDatabase(name: string): Promise<void> {
  return administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function administer(statement: string): Promise<void> {
  await runSql(databaseUrl(), statement);
}
