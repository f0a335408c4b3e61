import type { MigrationInterface, QueryRunner } from 'typeorm';

const INTERVAL = 32;
/** How many customers are looked at, and how many snapshots of one customer are written, in one transaction. */
const CUSTOMERS = 5000;
const SNAPSHOTS = 200;

const MEMBERS = [
  'first_name',
  'last_name',
  'email',
  'company_name',
  'legal_entity',
  'language',
  'status',
  'address_data',
  'postal_redirect_address',
];

/**
 * Goes back from a version whose members are known, snapshot by snapshot, and returns where it stopped. What a member was at
 * a version is what the first change after it calls old.
 */
const FILL = `
  CREATE OR REPLACE FUNCTION pg_temp.fill_snapshots(
    seller uuid, customer uuid, INOUT at_version integer, INOUT members jsonb, INOUT snapshots integer)
  LANGUAGE plpgsql AS $$
  DECLARE
    earlier jsonb;
    next_version integer;
  BEGIN
    WHILE snapshots > 0 AND at_version > ${INTERVAL} LOOP
      next_version := (at_version - 1) / ${INTERVAL} * ${INTERVAL};
      SELECT jsonb_object_agg(name, old) INTO earlier
        FROM (SELECT DISTINCT ON (change.key) change.key AS name, change.value -> 'old' AS old
                FROM customer_history AS entry, json_each(entry.changes) AS change
               WHERE entry.seller_id = seller AND entry.customer_id = customer
                 AND entry.version > next_version AND entry.version <= at_version
               ORDER BY change.key, entry.version) AS first;
      members := members || coalesce(earlier, '{}');
      at_version := next_version;
      UPDATE customer_history AS entry SET snapshot = fill_snapshots.members
       WHERE entry.seller_id = seller AND entry.customer_id = customer AND entry.version = at_version;
      snapshots := snapshots - 1;
    END LOOP;
  END $$`;

interface Customer {
  seller_id: string;
  id: string;
  version: number;
}

/**
 * Gives customers with a long history snapshots of what they were, so that an old version is found as fast as a new one.
 * Writes one entry in 32 of those, and no other. In many transactions, so that no lock is held for long; an attempt that
 * was not finished is begun anew.
 */
export class FillHistorySnapshots1764300220000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(FILL);
    let after = { seller_id: '00000000-0000-0000-0000-000000000000', id: '00000000-0000-0000-0000-000000000000' };
    for (;;) {
      const batch: Customer[] = await runner.query(
        `SELECT seller_id, id, version FROM customers
          WHERE (seller_id, id) > ($1, $2) ORDER BY seller_id, id LIMIT ${CUSTOMERS}`,
        [after.seller_id, after.id],
      );
      for (const customer of batch) if (customer.version > INTERVAL) await fill(runner, customer);
      const last = batch.at(-1);
      if (!last) break;
      after = last;
    }
    // One that was not finished, because something was in its way, is there but of no use.
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customer_history_snapshots_idx`);
    await runner.query(`
      CREATE INDEX CONCURRENTLY customer_history_snapshots_idx
          ON customer_history (seller_id, customer_id, version) WHERE snapshot IS NOT NULL`);
  }

  /** The snapshots go with their column. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX CONCURRENTLY IF EXISTS customer_history_snapshots_idx`);
  }
}

async function fill(runner: QueryRunner, { seller_id, id }: Customer): Promise<void> {
  const values = MEMBERS.map((name) => `'${name}', ${name}`).join(', ');
  let [at] = await runner.query(
    `SELECT version AS at_version, jsonb_build_object(${values}) AS members
       FROM customers WHERE seller_id = $1 AND id = $2`,
    [seller_id, id],
  );
  while (at && at.at_version > INTERVAL) {
    [at] = await runner.query(`SELECT at_version, members FROM pg_temp.fill_snapshots($1, $2, $3, $4, ${SNAPSHOTS})`, [
      seller_id,
      id,
      at.at_version,
      JSON.stringify(at.members),
    ]);
  }
}
