import { runSql } from './database';

const PARTITIONS = 4;

/** What tables have besides their columns, as statements that make it; foreign keys after the keys that they refer to. */
const DEFINITIONS = (tables: string) => [
  `SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS sql
     FROM pg_constraint WHERE contype IN ('p', 'u') AND conrelid = ${tables} ORDER BY sql`,
  `SELECT pg_get_indexdef(indexrelid) AS sql FROM pg_index
    WHERE indrelid = ${tables} AND indexrelid NOT IN (SELECT conindid FROM pg_constraint) ORDER BY sql`,
  `SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS sql
     FROM pg_constraint WHERE contype = 'f' AND (conrelid = ${tables} OR confrelid = ${tables}) AND conparentid = 0 ORDER BY sql`,
  `SELECT pg_get_triggerdef(oid) AS sql FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = ${tables} ORDER BY sql`,
];

const TABLES = `
  SELECT relname AS name,
         EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'seller_id')
         AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisunique
                            AND (SELECT attnum FROM pg_attribute WHERE attrelid = indrelid AND attname = 'seller_id') <> ALL (indkey))
           AS is_spread
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname`;

/** Which tables are partitioned, which are not, and what the former had before and have now. */
export interface Partitioned {
  spread: string[];
  whole: string[];
  before: string[];
  after: string[];
}

/**
 * Makes hash partitions by `seller_id` of each table that has it in all its keys, with all keys, foreign keys, indexes and
 * triggers. The tables must be empty.
 */
export async function partitionBySeller(databaseUrl: string): Promise<Partitioned> {
  const tables = await runSql(databaseUrl, TABLES);
  const names = (isSpread: boolean) => tables.filter(({ is_spread }) => is_spread === isSpread).map(({ name }) => name);
  const spread: string[] = names(true);
  const define = async () => {
    const definitions = DEFINITIONS(`ANY('{${spread.join()}}'::regclass[])`);
    const rows = await Promise.all(definitions.map((sql) => runSql(databaseUrl, sql)));
    return rows.flat().map(({ sql }) => (sql as string).replace(' ON ONLY ', ' ON '));
  };
  const before = await define();
  await runSql(
    databaseUrl,
    'BEGIN',
    ...spread.flatMap((table) => [
      `CREATE TABLE new_${table} (LIKE ${table} INCLUDING ALL EXCLUDING INDEXES) PARTITION BY HASH (seller_id)`,
      `DROP TABLE ${table} CASCADE`,
      `ALTER TABLE new_${table} RENAME TO ${table}`,
      ...Array.from(
        { length: PARTITIONS },
        (_, i) =>
          `CREATE TABLE ${table}_${i} PARTITION OF ${table} FOR VALUES WITH (MODULUS ${PARTITIONS}, REMAINDER ${i})`,
      ),
    ]),
    ...before,
    'COMMIT',
  );
  return { spread, whole: names(false), before, after: await define() };
}
