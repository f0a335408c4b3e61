import { Injectable } from '@nestjs/common';
import { type QueryExecutor, type Statement, Statements } from '../database/statements';
import { SETTLED_POSITION } from '../customers/history/position';
import { type CustomerEvent, EVENT_TYPES, type EventPosition, type EventType, startOf } from './event';

/** An event as it is stored: without the customer as it was. */
export type StoredEvent = Omit<CustomerEvent, 'id' | 'customer'> & {
  position: string;
  /** The version or, for a deletion, one more, as it comes after a change at the same position. */
  place: number;
};

interface StoredEventPage {
  events: StoredEvent[];
  /** Where the next page starts. */
  next: EventPosition;
  hasMore: boolean;
}

/** The types that are in the history. When none of them is asked for, the history is not read. */
const WRITTEN_TYPES = EVENT_TYPES.filter((type) => type !== 'customer.deleted');

/** How many events one page reads when it is filtered by type. */
const WINDOW = 2000;

/** A page ends once its changes have this many bytes. */
const MAX_BYTES = 256 * 1024;

const PAST_CURSOR = '(position, customer_id, version) > ($2::bigint, $3::uuid, $4::int)';

/**
 * Halves the versions of a customer until the last one up to the cursor is known: their positions rise with the versions, and
 * the cursor may be that of another customer's event. All versions up to `low` are up to the cursor, and those from `high` on past it.
 */
const SEARCH = `
  search (low, high) AS (
    SELECT 0::bigint, 1 + COALESCE((SELECT version FROM customer_history WHERE seller_id = $1 AND customer_id = $8
                                     ORDER BY version DESC LIMIT 1), 0)::bigint
    UNION ALL
    SELECT CASE WHEN is_past THEN low ELSE (low + high) / 2 END, CASE WHEN is_past THEN (low + high) / 2 ELSE high END
      FROM search LEFT JOIN LATERAL (
        SELECT ${PAST_CURSOR} AS is_past FROM customer_history
         WHERE seller_id = $1 AND customer_id = $8 AND version > low AND version <= (low + high) / 2
         ORDER BY version DESC LIMIT 1) AS middle ON true
     WHERE high - low > 1
  ),`;

/** The horizon is applied afterwards, as it ends the versions of a customer. */
const VERSIONS_OF_CUSTOMER = `
      SELECT * FROM (
        SELECT position, customer_id, version, type FROM customer_history
         WHERE seller_id = $1 AND customer_id = $8 AND version > (SELECT max(low) FROM search)
         ORDER BY version LIMIT $5) AS next
       WHERE position < (SELECT position FROM settled)`;

const VERSIONS = `
      SELECT position, customer_id, version, type FROM customer_history
       WHERE seller_id = $1 AND ${PAST_CURSOR} AND position < (SELECT position FROM settled)
       ORDER BY position, customer_id, version LIMIT $5`;

/**
 * Finds the keys of events in an index, keeps those of the types that are asked for, and then reads what is in them. For one
 * customer the index is the history's primary key: its versions have the order of the feed.
 */
const findSql = (ofCustomer: boolean) => `
  WITH RECURSIVE settled AS MATERIALIZED (SELECT ${SETTLED_POSITION} AS position), ${ofCustomer ? SEARCH : ''}
  logged AS MATERIALIZED (
    SELECT * FROM (
      (SELECT position, customer_id, version, version AS place, 'customer.' || type AS type
         FROM (${ofCustomer ? VERSIONS_OF_CUSTOMER : VERSIONS}) AS written
        WHERE $6::text[] && '{${WRITTEN_TYPES.join()}}')
      UNION ALL
      (SELECT position, customer_id, version, version + 1, 'customer.deleted' FROM customer_deletions
        WHERE seller_id = $1 ${ofCustomer ? 'AND customer_id = $8' : ''}
          AND (position, customer_id, version) > ($2::bigint, $3::uuid, $4::int - 1)
          AND position < (SELECT position FROM settled)
        ORDER BY position, customer_id, version LIMIT $5)
    ) AS either ORDER BY position, customer_id, place LIMIT $5
  ),
  wanted AS MATERIALIZED (
    SELECT * FROM logged WHERE type = ANY($6) ORDER BY position, customer_id, place LIMIT $7::int + 1
  ),
  event AS (
    SELECT wanted.*, row_number() OVER in_order AS number, entry.*,
           sum(octet_length(entry.changes::text)) OVER (in_order ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes
      FROM wanted CROSS JOIN LATERAL (
        (SELECT changes, actor_type, actor_id, actor_name, request_id, created_at FROM customer_history
          WHERE seller_id = $1 AND customer_id = wanted.customer_id AND version = wanted.version
            AND wanted.type <> 'customer.deleted')
        UNION ALL
        (SELECT NULL, actor_type, actor_id, actor_name, request_id, created_at FROM customer_deletions
          WHERE seller_id = $1 AND customer_id = wanted.customer_id AND wanted.type = 'customer.deleted')
      ) AS entry
    WINDOW in_order AS (ORDER BY wanted.position, wanted.customer_id, wanted.place)
  )
  SELECT event.*, settled.position AS settled, scope.*
    FROM settled
   CROSS JOIN (
     SELECT (SELECT count(*)::int FROM wanted) AS found, (SELECT count(*)::int FROM logged) AS looked_at,
            (SELECT (position || ':' || customer_id || ':' || place) FROM logged
              ORDER BY position DESC, customer_id DESC, place DESC LIMIT 1) AS looked_up_to) AS scope
    LEFT JOIN event ON event.number <= $7::int AND (event.bytes IS NULL OR event.bytes < ${MAX_BYTES})
   ORDER BY event.number`;

const FIND: Statement = { name: 'find_events', text: findSql(false) };
const FIND_OF_CUSTOMER: Statement = { name: 'find_events_of_customer', text: findSql(true) };

const FIND_SETTLED: Statement = { name: 'find_settled_position', text: `SELECT ${SETTLED_POSITION} AS position` };

interface Row extends StoredEvent {
  settled: string;
  found: number;
  looked_at: number;
  looked_up_to: string;
  number: string | null;
}

/** Which events of a seller to find. */
interface FeedQuery {
  sellerId: string;
  after: EventPosition;
  limit: number;
  types: readonly EventType[];
  /** Those of all customers without one. */
  customerId?: string | undefined;
}

/** The statement that finds a page, with its parameters, and how many events it reads at most. */
export function findEventsStatement({ sellerId, after, limit, types, customerId }: FeedQuery) {
  const isOfAll = EVENT_TYPES.every((type) => types.includes(type));
  const window = isOfAll ? limit + 1 : WINDOW;
  const values = [sellerId, after.position, after.customerId, after.version, window, types, limit];
  return customerId
    ? { statement: FIND_OF_CUSTOMER, values: [...values, customerId], window }
    : { statement: FIND, values, window };
}

/** The events of a seller, in the history and in the table of deletions. */
@Injectable()
export class EventsRepository {
  constructor(private readonly statements: Statements) {}

  /**
   * The events after a position, oldest first, up to the first position at which a transaction is still open.
   * @param executor the transaction in which to read.
   */
  async find(query: FeedQuery, executor: QueryExecutor = this.statements): Promise<StoredEventPage> {
    const { statement, values, window } = findEventsStatement(query);
    const rows = await executor.run<Row & Record<string, unknown>>(statement, values);
    const [first] = rows;
    if (!first) throw new Error('The table event_log is empty');
    const { settled, found, looked_at, looked_up_to } = first;
    const events = rows.filter(({ number }) => number !== null);
    const last = events.at(-1);
    if (last && events.length < found) return { events, next: positionOf(last), hasMore: true };
    if (looked_at === window) return { events, next: parsePosition(looked_up_to), hasMore: true };
    return { events, next: later(query.after, startOf(settled)), hasMore: false };
  }

  /** Where the feed ends now. */
  async findEnd(): Promise<EventPosition> {
    const [row] = await this.statements.run<{ position: string }>(FIND_SETTLED, []);
    return startOf((row as { position: string }).position);
  }
}

export function positionOf({ position, customer_id, place }: StoredEvent): EventPosition {
  return { position, customerId: customer_id, version: place };
}

function parsePosition(text: string): EventPosition {
  const [position = '', customerId = '', version] = text.split(':');
  return { position, customerId, version: Number(version) };
}

/** A cursor never goes back. On a server that has just taken over, the end of the feed may do so for a moment. */
function later(one: EventPosition, other: EventPosition): EventPosition {
  return BigInt(one.position) >= BigInt(other.position) ? one : other;
}
