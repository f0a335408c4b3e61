import type { MigrationInterface, QueryRunner } from 'typeorm';

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

const BATCH = 5000;

/**
 * Customers who are older than the history get a first row at the version that they have: what they were before nobody
 * knows. In batches with a transaction each, so that no lock is held for long.
 */
export class BeginCustomerHistory1763900600000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    const members = MEMBERS.map((name) => `('${name}', to_json(batch.${name}))`).join(', ');
    let after = { seller_id: '00000000-0000-0000-0000-000000000000', id: '00000000-0000-0000-0000-000000000000' };
    for (;;) {
      const [last] = await runner.query(
        `WITH batch AS MATERIALIZED (
           SELECT * FROM customers WHERE (seller_id, id) > ($1, $2) ORDER BY seller_id, id LIMIT ${BATCH} FOR KEY SHARE
         ), begun AS (
           INSERT INTO customer_history (seller_id, customer_id, version, type, changes, actor_type, created_at)
           SELECT seller_id, id, version, 'created', changes, 'cli', updated_at
             FROM batch CROSS JOIN LATERAL (
               SELECT json_object_agg(name, json_build_object('old', NULL, 'new', value)) AS changes
                 FROM (VALUES ${members}) AS member (name, value) WHERE value IS NOT NULL) AS members
               ON CONFLICT DO NOTHING
         )
         SELECT seller_id, id FROM batch ORDER BY seller_id DESC, id DESC LIMIT 1`,
        [after.seller_id, after.id],
      );
      if (!last) return;
      after = last;
    }
  }

  /** The rows go with their table. */
  async down(): Promise<void> {
    return undefined;
  }
}
