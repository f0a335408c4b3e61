import { arrayOf, type QueryExecutor, type Statement } from '../../database/statements';
import { emailKey } from '../customer.entity';
import { CustomersRepository } from '../customers.repository';
import { idsOf, newEmailOf, type WriteRequest } from '../write/write-request';

const TABLES = ['sellers', 'customers', 'customer_history', 'portal_sessions', 'idempotency_records'];

const CREATE = [
  'CREATE TEMPORARY VIEW stored_customers AS TABLE customers',
  ...TABLES.map((table) => `CREATE TEMPORARY TABLE ${table} AS TABLE ${table} WITH NO DATA`),
  // All customers are one seller's. With the seller in both, a plan made while the table is empty may take the wrong one.
  'CREATE UNIQUE INDEX ON pg_temp.customers (id)',
  'CREATE UNIQUE INDEX ON pg_temp.customers (lower(email COLLATE "C"))',
  // Nothing has happened that is worth remembering.
  `CREATE FUNCTION pg_temp.skip_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
  `CREATE TRIGGER skip_row BEFORE INSERT ON pg_temp.customer_history FOR EACH ROW EXECUTE FUNCTION pg_temp.skip_row()`,
  // Temporary tables come first, whatever the operator has set, and no other can be written.
  `SELECT set_config('search_path', 'pg_temp,' || current_setting('search_path'), false),
          set_config('default_transaction_read_only', 'on', false)`,
];

const ADD_SELLER = 'INSERT INTO sellers (id, customer_limit) VALUES ($1, $2)';

/** The limit of the copied seller counts those customers alone that are copied, too. */
const COPY: Statement = {
  name: 'copy_customers',
  text: `
  WITH found AS (
    SELECT customer.* FROM unnest(${arrayOf('uuid', '$2')}) AS wanted (id) CROSS JOIN LATERAL (
      SELECT * FROM stored_customers WHERE seller_id = (SELECT $1::uuid) AND id = wanted.id LIMIT 1) AS customer
    UNION ALL
    SELECT customer.* FROM unnest(${arrayOf('text', '$3')}) AS wanted (email) CROSS JOIN LATERAL (
      SELECT * FROM stored_customers
       WHERE seller_id = (SELECT $1::uuid) AND lower(email COLLATE "C") = wanted.email LIMIT 1) AS customer
  ),
  copied AS (INSERT INTO customers TABLE found ON CONFLICT DO NOTHING RETURNING 1)
  UPDATE sellers SET customer_limit = customer_limit + (SELECT count(*) FROM copied)`,
};

/**
 * The customers as they would be after what an import has written so far: temporary tables that hide those of the service
 * from the statements of the writer. Only one connection sees them, so no row of the service is locked or touched, and the
 * database finds room for a file of any size.
 */
export class DryRun {
  private constructor(private readonly connection: QueryExecutor) {}

  /** `connection` can't be used for anything else afterwards. */
  static async start(connection: QueryExecutor, sellerId: string): Promise<DryRun> {
    const quotas = await new CustomersRepository(connection).findQuotas([sellerId], true);
    for (const text of CREATE) await connection.run({ text }, []);
    await connection.run({ text: ADD_SELLER }, [sellerId, quotas.get(sellerId) ?? null]);
    return new DryRun(connection);
  }

  /** Copies the customers that a request may change, unless they were copied before. */
  async copy(request: WriteRequest): Promise<void> {
    const emails = request.changes.flatMap((change) => newEmailOf(change) ?? []).map(emailKey);
    await this.connection.run(COPY, [request.sellerId, idsOf(request), emails]);
  }
}
