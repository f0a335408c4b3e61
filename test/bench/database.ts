import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres';
import type { Cleanup } from './cleanup';

/** pgbench opens up to 256 connections beside three pools. */
const SETTINGS = { max_connections: '320' };

const OBJECTS = `
  SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace)
       + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS count`;

/** The database in DATABASE_URL, which has to be empty and is left so, or an embedded one. */
export async function openDatabase(cleanup: Cleanup, folder: string): Promise<string> {
  const { DATABASE_URL: url } = process.env;
  if (!url) return startEmbedded(cleanup, join(folder, 'database'));
  const [row] = await query(url, OBJECTS);
  if (row?.count !== '0') throw new Error('DATABASE_URL has to name an empty database: this one holds something.');
  return cleanup.make(
    () => url,
    () => query(url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'),
  );
}

/** A further database on the same server, until the end. */
export async function createDatabase(cleanup: Cleanup, serverUrl: string): Promise<string> {
  const name = `bench_${randomUUID().replaceAll('-', '')}`;
  await cleanup.make(
    () => query(serverUrl, `CREATE DATABASE ${name}`),
    () => query(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  );
  const url = new URL(serverUrl);
  url.pathname = name;
  return url.href;
}

async function startEmbedded(cleanup: Cleanup, dataDir: string): Promise<string> {
  const server = await cleanup.make(
    () => startEmbeddedPostgres(dataDir, { settings: SETTINGS }),
    async (starting) => {
      const [started] = await Promise.allSettled([starting]);
      if (started.status === 'fulfilled') await started.value.stop();
    },
  );
  return server.url;
}

/** Over a connection of its own. */
export async function query(url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}
