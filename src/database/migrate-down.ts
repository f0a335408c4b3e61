import type { MigrationInterface, QueryRunner } from 'typeorm';
import { migrations } from '../../migrations';
import { lock, patiently, withMigrations } from './migrate';

/**
 * The names of the last `count` migrations that were run, the last one first. Reads only.
 * @throws Error when there are fewer.
 */
export function lastMigrations(url: string, count: number, pgoptions?: string): Promise<string[]> {
  return withMigrations(url, { pgoptions }, (_, runner) => find(runner, count));
}

/**
 * Undoes the last `count` migrations, each by itself, and with them what only they hold.
 * @returns the names of what was undone, in that order.
 * @throws Error when there are fewer, and nothing is undone then.
 */
export function migrateDown(url: string, count: number, pgoptions?: string): Promise<string[]> {
  return withMigrations(url, { pgoptions }, async (database, runner) => {
    await lock(runner);
    const names = await find(runner, count);
    for (const name of names) {
      const transaction = needsNoTransaction(name) ? 'none' : 'all';
      await patiently(() => database.undoLastMigration({ transaction }));
    }
    return names;
  });
}

async function find(runner: QueryRunner, count: number): Promise<string[]> {
  const [table] = await runner.query(`SELECT to_regclass('migrations') IS NOT NULL AS exists`);
  const done: { name: string }[] = table.exists
    ? await runner.query('SELECT name FROM migrations ORDER BY id DESC')
    : [];
  if (count > done.length) throw new Error(`${count} migrations can't be undone: only ${done.length} have been run.`);
  const names = done.slice(0, count).map(({ name }) => name);
  const unknown = names.filter((name) => !migrations.some((migration) => migration.name === name));
  if (unknown.length === 0) return names;
  throw new Error(`This version does not know ${unknown.join(', ')}: undo it with the version that has run it.`);
}

function needsNoTransaction(name: string): boolean {
  const Migration = migrations.find((migration) => migration.name === name);
  const migration: MigrationInterface | undefined = Migration && new Migration();
  return migration?.transaction === false;
}
