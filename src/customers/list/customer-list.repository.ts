import type { Statement } from '../../database/statements';
import type { CursorPosition } from '../../http/cursor';
import { CUSTOMER_COLUMNS } from '../customer.fields';
import type { ListCustomersQuery } from '../dto/customer.query';

/** How many customers are looked at before what a filter leaves of them counts as few. */
export const WINDOW = 10_000;

/** How many changes are looked up one by one, and how many customers sorted, without a thought. */
export const FEW_CHANGED = 5000;

const ROW = CUSTOMER_COLUMNS.map((column) => `customer.${column}`).join(', ');
const NEWEST_FIRST = 'ORDER BY customer.created_at DESC, customer.id DESC';

/** By an order that no index has: PostgreSQL would else walk the index and expect matches all along the way. */
const SORTED = `ORDER BY customer.created_at + interval '0' DESC, customer.id DESC`;

/** Stands between the members in the text that is searched. */
const SEPARATOR = '\x1f';

/** What pg_trgm surely finds a trigram in; it finds some in other texts, too. */
const TRIGRAM = /[\p{L}\p{N}]{3}/u;

/** A statement with its parameters. */
export interface BoundStatement extends Statement {
  values: unknown[];
}

export function hasTrigram(search: string | undefined): boolean {
  return search !== undefined && TRIGRAM.test(search);
}

/**
 * Conditions and their parameters, which are numbered as they come. Those of a prepared statement are hidden from the
 * planner (see `arrayOf`), which would else make a plan for each of them.
 */
class Conditions {
  readonly values: unknown[] = [];
  readonly names: string[] = [];

  constructor(private readonly isPrepared: boolean) {}

  parameter(value: unknown, type: string): string {
    this.values.push(value);
    const parameter = `$${this.values.length}::${type}`;
    return this.isPrepared ? `(SELECT ${parameter})` : parameter;
  }
}

/** What the index that has the order of the list can skip by. */
function inOrder(
  conditions: Conditions,
  sellerId: string,
  { status }: ListCustomersQuery,
  after?: CursorPosition,
): string {
  const parts = [`customer.seller_id = ${conditions.parameter(sellerId, 'uuid')}`];
  if (status) {
    conditions.names.push('status');
    parts.push(`customer.status = ${conditions.parameter(status, 'text')}`);
  }
  if (after) {
    conditions.names.push('after');
    const place = [conditions.parameter(after.created_at, 'timestamptz'), conditions.parameter(after.id, 'uuid')];
    parts.push(`(customer.created_at, customer.id) < (${place.join(', ')})`);
  }
  return parts.join(' AND ');
}

/** What is looked for in each customer. */
function filters(conditions: Conditions, { updated_since, email, search }: ListCustomersQuery): string[] {
  const parts: string[] = [];
  if (updated_since) {
    conditions.names.push('since');
    parts.push(`customer.updated_at >= ${conditions.parameter(updated_since, 'timestamptz')}`);
  }
  if (email) {
    conditions.names.push('email');
    parts.push(`lower(customer.email COLLATE "C") = lower(${conditions.parameter(email, 'text')} COLLATE "C")`);
  }
  if (search) {
    conditions.names.push(search.includes(SEPARATOR) ? 'search_in_one' : 'search');
    parts.push(searchCondition(search, conditions.parameter(patternOf(search), 'text')));
  }
  return parts;
}

function searchCondition(search: string, unfolded: string): string {
  // Folded once, behind a subquery: PostgreSQL would else do it for each customer.
  const pattern = `(SELECT customer_search_fold(${unfolded}))`;
  const found = `customer.search_text LIKE ${pattern}`;
  if (!search.includes(SEPARATOR)) return found;
  const inOne = [`customer.first_name || ' ' || customer.last_name`, 'customer.company_name', 'customer.email'];
  return `${found} AND (${inOne.map((member) => `customer_search_fold(${member}) LIKE ${pattern}`).join(' OR ')})`;
}

/** Of a text that stands for itself. */
function patternOf(search: string): string {
  return `%${search.replace(/[\\%_]/g, '\\$&')}%`;
}

/** Customers in the order of the list, of which no more than a window is looked at where there are filters. */
export function walk(
  sellerId: string,
  query: ListCustomersQuery,
  limit: number,
  after?: CursorPosition,
): BoundStatement {
  const conditions = new Conditions(true);
  const where = inOrder(conditions, sellerId, query, after);
  const filter = filters(conditions, query).join(' AND ');
  const window = `SELECT * FROM customers AS customer WHERE ${where} ${NEWEST_FIRST} LIMIT ${WINDOW}`;
  const from = filter ? `(${window}) AS customer WHERE ${filter}` : `customers AS customer WHERE ${where}`;
  const text = `SELECT ${ROW} FROM ${from} ${NEWEST_FIRST} LIMIT ${conditions.parameter(limit, 'int')}`;
  return { name: ['list_customers', ...conditions.names].join('_'), text, values: conditions.values };
}

/** The last customer of the window that `walk` looks at, if it is full. */
export function endOfWindow(sellerId: string, query: ListCustomersQuery, after?: CursorPosition): BoundStatement {
  const conditions = new Conditions(true);
  const where = inOrder(conditions, sellerId, query, after);
  const text = `SELECT created_at, id FROM customers AS customer WHERE ${where} ${NEWEST_FIRST} OFFSET ${WINDOW - 1} LIMIT 1`;
  return { name: ['end_of_list_window', ...conditions.names].join('_'), text, values: conditions.values };
}

/**
 * The same customers, found by the index of what is looked for, and then sorted. Which text it is is hidden from the planner:
 * one that its statistics happen to have counts for a hundredth of all, which it would rather walk through. How many changes
 * there were since a time it is to know.
 */
export function find(
  sellerId: string,
  query: ListCustomersQuery,
  limit: number,
  after: CursorPosition | undefined,
  isOfFewChanged: boolean,
): BoundStatement {
  const conditions = new Conditions(!isOfFewChanged);
  const where = [inOrder(conditions, sellerId, query, after), ...filters(conditions, query)];
  if (isOfFewChanged) {
    where.push(`customer.id IN (SELECT customer_id FROM customer_history
      WHERE seller_id = $1 AND created_at >= ${conditions.parameter(query.updated_since, 'timestamptz')})`);
  }
  const text = `SELECT ${ROW} FROM customers AS customer WHERE ${where.join(' AND ')} ${SORTED}
    LIMIT ${conditions.parameter(limit, 'int')}`;
  const name = isOfFewChanged ? {} : { name: ['find_listed_customers', ...conditions.names].join('_') };
  return { ...name, text, values: conditions.values };
}

/** How many changes there were since a time, up to one more than few. */
export const COUNT_CHANGED: Statement = {
  name: 'count_changed_since',
  text: `
  SELECT count(*)::int AS count FROM (
    SELECT FROM customer_history WHERE seller_id = $1 AND created_at >= $2 LIMIT ${FEW_CHANGED + 1}) AS entry`,
};
