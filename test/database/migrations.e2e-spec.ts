import { DataSource } from 'typeorm';
import { migrations } from '../../migrations';
import { migrate } from '../../src/database/migrate';
import { databaseUrl } from '../support/service';

describe('The migrations', () => {
  const url = new URL(databaseUrl());
  const admin = new DataSource({ type: 'postgres', url: databaseUrl() });
  url.pathname = `migrations_${Date.now()}`;
  const name = url.pathname.slice(1);

  beforeAll(async () => {
    await admin.initialize();
    await admin.query(`CREATE DATABASE ${name}`);
  });

  afterAll(async () => {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.destroy();
  });

  it('run once, also when many instances start at the same time', async () => {
    const done = await Promise.all(Array.from({ length: 5 }, () => migrate(url.href)));
    expect(done.flat()).toEqual(migrations.map(({ name }) => name));
  });

  it('leave the same schema after up, down and up', async () => {
    const database = await new DataSource({ type: 'postgres', url: url.href, migrations }).initialize();
    try {
      const before = await schema(database);
      expect(before.length).toBeGreaterThan(20);
      for (let i = 0; i < migrations.length; i++) await database.undoLastMigration({ transaction: 'none' });
      expect(await schema(database)).toEqual([]);
      await database.runMigrations({ transaction: 'each' });
      expect(await schema(database)).toEqual(before);
    } finally {
      await database.destroy();
    }
  });

  /** Every column, constraint and index, but for TypeORM's own table of migrations. */
  function schema(database: DataSource): Promise<object[]> {
    return database.query(`
      SELECT * FROM (
        SELECT table_name AS place, column_name AS name, concat_ws(' ', ordinal_position, data_type, is_nullable, column_default) AS text
          FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL
        SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
      ) AS everything WHERE place <> 'migrations' ORDER BY place, name, text`);
  }
});
