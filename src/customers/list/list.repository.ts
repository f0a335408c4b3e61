import { Injectable } from '@nestjs/common';
import { isStatementTimeout } from '../../database/errors';
import { type Statement, Statements } from '../../database/statements';
import type { CursorPosition } from '../../http/cursor';
import type { Customer } from '../customer.entity';
import { CUSTOMER_COLUMNS } from '../customer.fields';
import type { ListCustomersQuery } from '../dto/customer.query';

/** A filtered page looks at this many customers at a time, in the order of the list. */
const WINDOW = 10_000;

/** Up to this many changes since a time, a page looks up the changed customers one by one and sorts them. */
const FEW_CHANGED = 5000;

const ROW = CUSTOMER_COLUMNS.map((column) => `customer.${column}`).join(', ');
const NEWEST_FIRST = 'ORDER BY customer.created_at DESC, customer.id DESC';

/** No index has this order: PostgreSQL would walk such an index and expect matches everywhere. */
const SORTED = `ORDER BY customer.created_at + interval '0' DESC, customer.id DESC`;

/** Stands between the members in the text that is searched. */
const SEPARATOR = '\x1f';

/** Three letters or digits in a row. pg_trgm always finds a trigram in them, and in some other texts, too. */
const TRIGRAM = /[\p{L}\p{N}]{3}/u;

type Row = Customer & Record<string, unknown>;

const LOCK_TIMEOUT_MS = 100;

/** Whether the index of texts can find what is searched for. */
export function hasTrigram(search: string | undefined): boolean {
  return search !== undefined && TRIGRAM.test(search);
}

/**
 * Conditions and their parameters, numbered in the order in which they are added. The parameters of a prepared statement are
 * hidden from the planner (see `arrayOf`): otherwise it would make a plan for each of them.
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

/** The conditions by which the index of the list's order can skip rows. */
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
  // The subquery folds the text once: otherwise PostgreSQL would fold it for each customer.
  const pattern = `(SELECT customer_search_fold(${unfolded}))`;
  const found = `customer.search_text LIKE ${pattern}`;
  if (!search.includes(SEPARATOR)) return found;
  const inOne = [`customer.first_name || ' ' || customer.last_name`, 'customer.company_name', 'customer.email'];
  return `${found} AND (${inOne.map((member) => `customer_search_fold(${member}) LIKE ${pattern}`).join(' OR ')})`;
}

/** A LIKE pattern that finds the text literally. */
function patternOf(search: string): string {
  return `%${search.replace(/[\\%_]/g, '\\$&')}%`;
}

/**
 * The statement hides the searched text from the planner: if its statistics had that text, it would expect it in every
 * hundredth customer and walk the list instead. The statement shows the planner the time of `updated_since`, so that it
 * knows how many changes there are.
 */
function findSql(
  sellerId: string,
  query: ListCustomersQuery,
  limit: number,
  after: CursorPosition | undefined,
  isOfFewChanged = false,
): { statement: Statement; values: unknown[] } {
  const conditions = new Conditions(!isOfFewChanged);
  const where = [inOrder(conditions, sellerId, query, after), ...filters(conditions, query)];
  if (isOfFewChanged) {
    where.push(`customer.id IN (SELECT customer_id FROM customer_history
      WHERE seller_id = $1 AND created_at >= ${conditions.parameter(query.updated_since, 'timestamptz')})`);
  }
  const text = `SELECT ${ROW} FROM customers AS customer WHERE ${where.join(' AND ')} ${SORTED}
    LIMIT ${conditions.parameter(limit, 'int')}`;
  const name = ['find_listed_customers', ...conditions.names].join('_');
  return { statement: isOfFewChanged ? { text } : { name, text }, values: conditions.values };
}

/** How many changes there were since a time, up to one more than few. */
const COUNT_CHANGED: Statement = {
  name: 'count_changed_since',
  text: `
  SELECT count(*)::int AS count FROM (
    SELECT FROM customer_history WHERE seller_id = $1 AND created_at >= $2 LIMIT ${FEW_CHANGED + 1}) AS entry`,
};

/** Finds the customers of a seller that match a query, in the order of the list. */
@Injectable()
export class ListRepository {
  constructor(private readonly statements: Statements) {}

  /** Walks the list in its order. With filters, it looks at no more customers than a window. */
  walk(sellerId: string, query: ListCustomersQuery, limit: number, after?: CursorPosition): Promise<Customer[]> {
    const conditions = new Conditions(true);
    const where = inOrder(conditions, sellerId, query, after);
    const filter = filters(conditions, query).join(' AND ');
    const window = `SELECT * FROM customers AS customer WHERE ${where} ${NEWEST_FIRST} LIMIT ${WINDOW}`;
    const from = filter ? `(${window}) AS customer WHERE ${filter}` : `customers AS customer WHERE ${where}`;
    const text = `SELECT ${ROW} FROM ${from} ${NEWEST_FIRST} LIMIT ${conditions.parameter(limit, 'int')}`;
    const name = ['list_customers', ...conditions.names].join('_');
    return this.statements.run<Row>({ name, text }, conditions.values);
  }

  /** The last customer of the window that `walk` looks at, if it is full. */
  async endOfWindow(
    sellerId: string,
    query: ListCustomersQuery,
    after?: CursorPosition,
  ): Promise<CursorPosition | undefined> {
    const conditions = new Conditions(true);
    const where = inOrder(conditions, sellerId, query, after);
    const text = `SELECT created_at, id FROM customers AS customer WHERE ${where} ${NEWEST_FIRST} OFFSET ${WINDOW - 1} LIMIT 1`;
    const name = ['end_of_list_window', ...conditions.names].join('_');
    return (await this.statements.run<Row>({ name, text }, conditions.values))[0];
  }

  /** Finds the same customers by the index on the filter, and then sorts them. */
  findByFilter(sellerId: string, query: ListCustomersQuery, limit: number): Promise<Customer[]> {
    const { statement, values } = findSql(sellerId, query, limit, query.cursor);
    return this.statements.run<Row>(statement, values);
  }

  /** Like `findByFilter`, but after a position and with a time limit. @returns undefined when it would take longer. */
  async findByFilterWithin(
    statementTimeoutMs: number,
    sellerId: string,
    query: ListCustomersQuery,
    limit: number,
    after: CursorPosition,
  ): Promise<Customer[] | undefined> {
    const { statement, values } = findSql(sellerId, query, limit, after);
    try {
      return await this.statements.transaction({ lockTimeoutMs: LOCK_TIMEOUT_MS, statementTimeoutMs }, (transaction) =>
        transaction.run<Row>(statement, values),
      );
    } catch (error) {
      if (isStatementTimeout(error)) return undefined;
      throw error;
    }
  }

  /** Whether there were so few changes since a time that `findFewChanged` is the cheapest way. */
  async hasFewChanges(sellerId: string, since: Date): Promise<boolean> {
    const [row] = await this.statements.run<{ count: number }>(COUNT_CHANGED, [sellerId, since]);
    return row !== undefined && row.count <= FEW_CHANGED;
  }

  /** Looks up the customers who changed one by one, and then sorts them. */
  findFewChanged(sellerId: string, query: ListCustomersQuery, limit: number): Promise<Customer[]> {
    const { statement, values } = findSql(sellerId, query, limit, query.cursor, true);
    return this.statements.run<Row>(statement, values);
  }
}
