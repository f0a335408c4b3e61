import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { migrate } from '../../src/database/migrate';
import { databaseUrl } from './service';

/** A migrated database for tests that would disturb others in the common one. Dropped afterwards. */
export async function withDatabase<T>(use: (url: string) => Promise<T>): Promise<T> {
  const admin = new Client(databaseUrl());
  await admin.connect();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  try {
    await admin.query(`CREATE DATABASE ${name}`);
    const url = new URL(databaseUrl());
    url.pathname = name;
    await migrate(url.href);
    return await use(url.href);
  } finally {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await admin.end();
  }
}
