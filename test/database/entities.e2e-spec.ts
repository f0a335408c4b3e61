import { DataSource, type EntityMetadata, TableColumn } from 'typeorm';
import { TABLES } from '../../src/database/prerequisites';
import { makeAccount } from '../support/factories';
import { useService } from '../support/service';

/** Columns that triggers and statements keep, and no answer shows. */
const HIDDEN: Record<string, string[]> = { customers: ['position', 'search_text'] };

const FIND_COLUMNS = `
  SELECT attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS is_nullable,
         attnum = ANY(primary_key.conkey) AS is_primary
    FROM pg_attribute
    JOIN pg_constraint AS primary_key ON primary_key.conrelid = attrelid AND primary_key.contype = 'p'
   WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL($2) ORDER BY attname`;

describe('Entities', () => {
  const service = useService({ webhookSecretKey: '0'.repeat(64) });

  it('are those of all tables, with the columns that the migrations have made', async () => {
    const account = await makeAccount(service);
    const database = service.app.get(DataSource);
    const entities = new Map(database.entityMetadatas.map((entity) => [entity.tableName, entity]));
    expect([...entities.keys()].sort()).toEqual(TABLES.toSorted());
    for (const [tableName, entity] of entities) {
      const columns = await account.sql(FIND_COLUMNS, [tableName, HIDDEN[tableName] ?? []]);
      expect({ tableName, columns: columnsOf(entity, database) }).toEqual({ tableName, columns });
    }
  });
});

function columnsOf({ columns }: EntityMetadata, { driver }: DataSource) {
  return columns
    .map(({ databaseName: name, isNullable: is_nullable, isPrimary: is_primary, ...column }) => {
      const type = driver.normalizeType(column);
      const { precision, isArray } = column;
      const full = driver.createFullType(new TableColumn({ name, type, precision, isArray }));
      return { name, type: full.toLowerCase().replace(' array', '[]'), is_nullable, is_primary };
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
