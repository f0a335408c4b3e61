import { type EntityManager, In, type QueryRunner } from 'typeorm';
import { newHistoryEntry, type NewHistoryEntry } from '../history/history.entity';
import { insertHistory } from '../history/history.repository';
import { WRITE_CLOCK } from '../history/position';
import { COMMAND_LINE } from '../../http/caller';
import { PortalSession } from '../../portal/portal-session.entity';
import type { Seller } from '../../sellers/seller.entity';
import type { SellersService } from '../../sellers/sellers.service';
import { Customer, emailKey } from '../customer.entity';
import { CUSTOMER_COLUMNS, FIELD_NAMES } from '../customer.fields';
import type { CreateCustomerDto } from '../dto/update-customer.dto';
import { type Changes, changesBetween, newCustomer } from '../merge';

const ROW = CUSTOMER_COLUMNS.join(', ');

/** What the client gives of a new row; the rest is set when it is written. */
const NEW_ROW = CUSTOMER_COLUMNS.filter((column) => column !== 'created_at' && column !== 'updated_at').join(', ');

const WRITTEN = `json_to_recordset($2) AS written (seller_id uuid, id uuid, position bigint, updated_at timestamptz)`;

/** What the database has set of a row. */
type WrittenRow = Pick<Customer, 'seller_id' | 'id' | 'version' | 'email' | 'updated_at'> & { position: string };

const RETURNING_WRITTEN = ['seller_id', 'id', 'version', 'email', 'position', 'updated_at']
  .map((column) => `customer.${column}`)
  .join(', ');

/** What customers are looked up by, and the type of it. */
const LOOKUPS = {
  email: { type: 'text', column: 'lower(email COLLATE "C")' },
  id: { type: 'uuid', column: 'id' },
} as const;

type Lookup = keyof typeof LOOKUPS;

/**
 * The rows of the seller `$1` that have one of the emails (in lower case), or ids, `$2`, each looked up by itself: for one
 * condition on all of them, as long as a new table has no statistics, PostgreSQL would read every row of the seller. The
 * subquery hides from it which seller that is, as its statistics may know of none that the seller has.
 */
function lookUp(by: Lookup, table: string, lock = ''): string {
  const { type, column } = LOOKUPS[by];
  return `unnest($2::${type}[]) AS wanted (value) CROSS JOIN LATERAL (
    SELECT * FROM ${table} WHERE seller_id = (SELECT $1::uuid) AND ${column} = wanted.value LIMIT 1 ${lock}) AS customer`;
}

/** A row as a record changes it, locked since it was read. */
interface ChangedCustomer {
  next: Customer;
  changes: Changes;
}

/** The customers of a seller, as an import reads and writes them: many with one statement. */
export class StoredCustomers {
  protected readonly table: string = 'customers';

  constructor(
    protected readonly manager: EntityManager,
    protected readonly seller: Seller,
    private readonly sellers: SellersService,
  ) {}

  /** READ COMMITTED, for a statement to see what others have committed while the one before it waited for them. */
  transaction<T>(work: (transaction: EntityManager) => Promise<T>): Promise<T> {
    return this.manager.transaction('READ COMMITTED', work);
  }

  /**
   * How many more customers the seller may have. Holds off all who would create one, if there is a limit: to be called
   * before any row is locked, as creating one over HTTP locks in that order, too.
   */
  async remainingQuota(transaction: EntityManager): Promise<number> {
    const { id, customer_limit } = this.seller;
    if (customer_limit === null) return Infinity;
    await this.sellers.lock(id, transaction);
    return Math.max(0, customer_limit - (await transaction.countBy(Customer, { seller_id: id })));
  }

  /** The customers that have one of these emails (in lower case), or ids, locked in an order that all imports keep. */
  find(by: Lookup, values: string[], transaction: EntityManager): Promise<Customer[]> {
    const select = `SELECT ${ROW} FROM ${lookUp(by, this.table, 'FOR NO KEY UPDATE')}`;
    return transaction.query(select, [this.seller.id, values.toSorted()]);
  }

  /** The emails of those customers that are among these ids. */
  async emailsOf(ids: string[], transaction: EntityManager): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const select = `SELECT customer.id, customer.email FROM ${lookUp('id', 'customers')}`;
    const rows = await transaction.query<Pick<Customer, 'id' | 'email'>[]>(select, [this.seller.id, ids]);
    return new Map(rows.map(({ id, email }) => [id, email]));
  }

  /**
   * Leaves out, rather than failing, those whose email was taken meanwhile.
   * @returns the emails (in lower case) of the customers that were created.
   */
  async create(customers: CreateCustomerDto[], transaction: EntityManager): Promise<Set<string>> {
    if (customers.length === 0) return new Set();
    const rows = customers.map((fields) => newCustomer(this.seller.id, fields, 'import'));
    const insert = `WITH clock AS MATERIALIZED (${WRITE_CLOCK})
      INSERT INTO ${this.table} AS customer (${NEW_ROW}, position, created_at, updated_at)
      SELECT ${NEW_ROW}, clock.position, clock.at, clock.at
        FROM json_populate_recordset(NULL::customers, $1) AS next CROSS JOIN clock
          ON CONFLICT DO NOTHING RETURNING ${RETURNING_WRITTEN}`;
    const created = await transaction.query<WrittenRow[]>(insert, [JSON.stringify(rows)]);
    const ids = new Set(created.map(({ id }) => id));
    const entries = rows
      .filter(({ id }) => ids.has(id))
      .map((row) => newHistoryEntry(row, 'created', changesBetween(undefined, row), COMMAND_LINE));
    await this.remember(entries, created, transaction);
    return new Set(created.map(({ email }) => emailKey(email)));
  }

  /** Writes rows that are locked, and ends the portal sessions of those who are not active, as every change does. */
  async update(changed: ChangedCustomer[], transaction: EntityManager): Promise<void> {
    if (changed.length === 0) return;
    const customers = changed.map(({ next }) => next);
    const [updated] = await transaction.query<[WrittenRow[]]>(
      `WITH clock AS MATERIALIZED (${WRITE_CLOCK})
       UPDATE ${this.table} AS customer
          SET ${FIELD_NAMES.map((member) => `${member} = next.${member}`).join(', ')},
              version = customer.version + 1,
              position = GREATEST(clock.position, customer.position),
              updated_at = GREATEST(clock.at, customer.updated_at)
         FROM json_populate_recordset(NULL::customers, $1) AS next CROSS JOIN clock
        WHERE customer.seller_id = next.seller_id AND customer.id = next.id
       RETURNING ${RETURNING_WRITTEN}`,
      [JSON.stringify(customers)],
    );
    const rows = new Map(updated.map((row) => [row.id, row]));
    const entries = changed.map(({ next, changes }) => {
      return newHistoryEntry({ ...next, ...rows.get(next.id) }, 'updated', changes, COMMAND_LINE);
    });
    await this.remember(entries, updated, transaction);
    await this.endSessions(
      customers.filter(({ status }) => status !== 'active').map(({ id }) => id),
      transaction,
    );
  }

  protected async remember(
    entries: NewHistoryEntry[],
    written: WrittenRow[],
    transaction: EntityManager,
  ): Promise<void> {
    await transaction.query(insertHistory('$1', WRITTEN), [JSON.stringify(entries), JSON.stringify(written)]);
  }

  protected async endSessions(customerIds: string[], transaction: EntityManager): Promise<void> {
    if (customerIds.length === 0) return;
    await transaction.delete(PortalSession, { seller_id: this.seller.id, customer_id: In(customerIds) });
  }
}

const DRY_RUN_TABLE = 'pg_temp.dry_run_customers';

/**
 * The customers as they would be after what an import has written so far. That is kept in a temporary table, which only
 * one connection sees: no row of the service is locked or touched, and the database finds room for a file of any size.
 */
export class DryRunCustomers extends StoredCustomers {
  protected override readonly table = DRY_RUN_TABLE;

  /** `runner` has to be used for nothing else until it is released. */
  static async start(runner: QueryRunner, seller: Seller, sellers: SellersService): Promise<DryRunCustomers> {
    await runner.query(`DROP TABLE IF EXISTS ${DRY_RUN_TABLE}`);
    await runner.query(`CREATE TEMPORARY TABLE dry_run_customers (LIKE customers)`);
    await runner.query(`CREATE UNIQUE INDEX ON ${DRY_RUN_TABLE} (seller_id, lower(email COLLATE "C"))`);
    await runner.query(`CREATE UNIQUE INDEX ON ${DRY_RUN_TABLE} (seller_id, id)`);
    return new DryRunCustomers(runner.manager, seller, sellers);
  }

  override async remainingQuota(transaction: EntityManager): Promise<number> {
    const { id, customer_limit } = this.seller;
    if (customer_limit === null) return Infinity;
    const [row] = await transaction.query<{ count: string }[]>(
      `SELECT count(*) FROM (SELECT id FROM customers WHERE seller_id = $1 UNION SELECT id FROM ${DRY_RUN_TABLE}) AS customer`,
      [id],
    );
    return Math.max(0, customer_limit - Number(row?.count));
  }

  override async find(by: Lookup, values: string[], transaction: EntityManager): Promise<Customer[]> {
    const copy = `INSERT INTO ${DRY_RUN_TABLE} SELECT customer.* FROM ${lookUp(by, 'customers')} ON CONFLICT DO NOTHING`;
    await transaction.query(copy, [this.seller.id, values]);
    return super.find(by, values, transaction);
  }

  /** Nothing has happened that is worth remembering. */
  protected override async remember(): Promise<void> {
    return undefined;
  }

  /** Nothing has changed for those who are logged in. */
  protected override async endSessions(): Promise<void> {
    return undefined;
  }
}
