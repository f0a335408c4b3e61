import { Injectable } from '@nestjs/common';
import { type Statement, Statements } from '../database/statements';
import type { CursorPosition } from '../http/cursor';
import type { DeliveryStatus, WebhookDelivery } from './webhook.entity';

export interface DeliveryPage {
  deliveries: WebhookDelivery[];
  /** Null on the last page. */
  next: CursorPosition | null;
}

/** How many deliveries one page looks at when it is filtered by status. */
const WINDOW = 2000;

/** No further delivery is put on a page once its attempts have so many bytes. */
const PAGE_BYTES = 128 * 1024;

/** Before the first page. */
const NEWEST = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

const OF_WEBHOOK = 'seller_id = $1 AND webhook_id = $2';

/** Those of one millisecond have the order of the feed, as far as it can matter. The index has times: the rest is sorted. */
const PLACE = 'created_at, position, version, event_id';
const NEWEST_FIRST = 'ORDER BY created_at DESC, position DESC, version DESC, event_id DESC';

/**
 * Finds keys in an index, keeps those with the status, and then reads one delivery after the other, none beyond the page. When
 * the one before the page is gone by now, the page begins with all of its millisecond.
 */
export const FIND_PAGE: Statement = {
  name: 'find_webhook_deliveries_page',
  text: `
  WITH RECURSIVE below AS MATERIALIZED (
    SELECT coalesce(max(position), 9223372036854775807) AS position, coalesce(max(version), 2147483647) AS version
      FROM webhook_deliveries WHERE ${OF_WEBHOOK} AND event_id = $4
  ),
  looked_at AS MATERIALIZED (
    SELECT ${PLACE}, status FROM webhook_deliveries
     WHERE ${OF_WEBHOOK}
       AND (${PLACE}) < ($3::timestamptz, (SELECT position FROM below), (SELECT version FROM below), $4::uuid)
     ${NEWEST_FIRST} LIMIT $5
  ),
  wanted AS MATERIALIZED (
    SELECT event_id, row_number() OVER (${NEWEST_FIRST}) AS number FROM looked_at
     WHERE $6::text IS NULL OR status = $6 ${NEWEST_FIRST} LIMIT $7::int + 1
  ),
  page AS (
    SELECT 0::bigint AS number, NULL::uuid AS event_id, 0 AS bytes
    UNION ALL
    SELECT wanted.number, wanted.event_id, page.bytes + (
             SELECT octet_length(attempts::text) FROM webhook_deliveries WHERE ${OF_WEBHOOK} AND event_id = wanted.event_id)
      FROM page JOIN wanted ON wanted.number = page.number + 1
     WHERE page.number < $7 AND page.bytes < ${PAGE_BYTES}
  )
  SELECT delivery.*, page.number::int, (SELECT count(*)::int FROM wanted) AS found,
         (SELECT count(*)::int FROM looked_at) AS looked_at, last.created_at AS last_created_at, last.event_id AS last_event_id
    FROM page
    LEFT JOIN LATERAL (SELECT * FROM webhook_deliveries WHERE ${OF_WEBHOOK} AND event_id = page.event_id LIMIT 1) AS delivery ON true
    LEFT JOIN (SELECT * FROM looked_at ORDER BY ${PLACE} LIMIT 1) AS last ON page.number = 0
   ORDER BY page.number`,
};

interface Row extends WebhookDelivery {
  [column: string]: unknown;
  /** The place on the page, from 1; the row 0 tells of the page as a whole. */
  number: number;
  found: number;
  looked_at: number;
  last_created_at: Date;
  last_event_id: string;
}

/** Sends an event again, with as many attempts as a new one. */
const RETRY: Statement = {
  name: 'retry_webhook_delivery',
  text: `
  UPDATE webhook_deliveries SET status = 'pending', attempt_count = 0, next_attempt_at = now()
   WHERE seller_id = $1 AND webhook_id = $2 AND event_id = $3
  RETURNING *`,
};

/** After this time an attempt counts as lost, with its instance. */
const LEASE = `interval '30 seconds'`;

/**
 * Reserves some due deliveries for this instance, for as long as an attempt may take. They are found as an array, which
 * PostgreSQL does once: a subquery to join with may run for every row of the webhook, and each time find others.
 */
const RESERVE_DUE: Statement = {
  name: 'claim_webhook_deliveries',
  text: `
  UPDATE webhook_deliveries SET next_attempt_at = clock_timestamp() + ${LEASE}
   WHERE seller_id = $1 AND webhook_id = $2 AND event_id = ANY (ARRAY(
         SELECT event_id FROM webhook_deliveries
          WHERE seller_id = $1 AND webhook_id = $2 AND status = 'pending' AND next_attempt_at <= now()
          ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED))
  RETURNING *`,
};

const KEPT_ATTEMPTS = 20;

/**
 * A delivery that was requested again during the attempt stays pending. The receiver's response may name the customer, so it
 * is kept only if the row of the customer can be locked: a later deletion then sees this delivery and removes it. A deletion
 * that is under way already may have looked for deliveries before this one was there.
 */
const RECORD_ATTEMPT: Statement = {
  name: 'record_webhook_attempt',
  text: `
  WITH customer AS MATERIALIZED (SELECT FROM customers WHERE seller_id = $1 AND id = $8 FOR KEY SHARE SKIP LOCKED)
  UPDATE webhook_deliveries SET
    attempts = (CASE WHEN jsonb_array_length(attempts) >= ${KEPT_ATTEMPTS} THEN attempts - 0 ELSE attempts END)
      || CASE WHEN EXISTS (SELECT FROM customer) THEN $5::jsonb ELSE jsonb_set($5::jsonb, '{0,response}', 'null') END,
    attempt_count = CASE WHEN next_attempt_at = $4 THEN attempt_count + 1 ELSE attempt_count END,
    status = CASE WHEN next_attempt_at = $4 THEN $6 ELSE status END,
    next_attempt_at = CASE WHEN next_attempt_at = $4 THEN clock_timestamp() + $7::float8 * interval '1 millisecond'
                           ELSE next_attempt_at END
   WHERE seller_id = $1 AND webhook_id = $2 AND event_id = $3`,
};

/** Ends the reservation of a delivery that was not attempted. */
const RELEASE: Statement = {
  name: 'release_webhook_delivery',
  text: `
  UPDATE webhook_deliveries SET next_attempt_at = clock_timestamp() + $5::float8 * interval '1 millisecond'
   WHERE seller_id = $1 AND webhook_id = $2 AND event_id = $3 AND next_attempt_at = $4`,
};

/** Removes the delivery if its customer is deleted. */
const DROP_IF_GONE: Statement = {
  name: 'drop_webhook_delivery',
  text: `
  DELETE FROM webhook_deliveries AS delivery
   WHERE seller_id = $1 AND webhook_id = $2 AND event_id = $3 AND event_type <> 'customer.deleted'
     AND NOT EXISTS (SELECT FROM customers WHERE seller_id = delivery.seller_id AND id = delivery.customer_id)
  RETURNING 1`,
};

/** Counts no more than this of one webhook. */
const COUNTED = 100_000;

const MEASURE: Statement = {
  name: 'measure_webhook_deliveries',
  text: `
  SELECT count(*)::int AS pending, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_seconds
    FROM (SELECT webhook.seller_id, webhook.id FROM webhooks AS webhook WHERE status = 'enabled') AS webhook
   CROSS JOIN LATERAL (
     SELECT created_at FROM webhook_deliveries
      WHERE seller_id = webhook.seller_id AND webhook_id = webhook.id AND status = 'pending' LIMIT ${COUNTED}) AS delivery`,
};

const keyOf = ({ seller_id, webhook_id, event_id }: WebhookDelivery) => [seller_id, webhook_id, event_id];

/** The SQL on deliveries, from the moment that they are there. */
@Injectable()
export class DeliveriesRepository {
  constructor(private readonly statements: Statements) {}

  /** Newest first: fewer than `limit` when they are large, or when few of those that are looked at have the status. */
  async findPage(
    sellerId: string,
    webhookId: string,
    limit: number,
    { cursor, status }: { cursor?: CursorPosition; status?: DeliveryStatus },
  ): Promise<DeliveryPage> {
    const window = status ? WINDOW : limit + 1;
    const below = cursor ? [cursor.created_at, cursor.id] : NEWEST;
    const values = [sellerId, webhookId, ...below, window, status ?? null, limit];
    const [head, ...deliveries] = await this.statements.run<Row>(FIND_PAGE, values);
    if (!head) throw new Error('A page of deliveries has no first row');
    const last = deliveries.at(-1);
    if (last && deliveries.length < head.found) {
      return { deliveries, next: { created_at: last.created_at, id: last.event_id } };
    }
    const isCut = head.looked_at === window;
    return { deliveries, next: isCut ? { created_at: head.last_created_at, id: head.last_event_id } : null };
  }

  /** @returns undefined when the webhook has no such delivery. */
  async retry(sellerId: string, webhookId: string, eventId: string): Promise<WebhookDelivery | undefined> {
    const key = [sellerId, webhookId, eventId];
    return (await this.statements.run<WebhookDelivery & Record<string, unknown>>(RETRY, key))[0];
  }

  reserveDue(sellerId: string, webhookId: string, count: number): Promise<WebhookDelivery[]> {
    return this.statements.run<WebhookDelivery & Record<string, unknown>>(RESERVE_DUE, [sellerId, webhookId, count]);
  }

  async recordAttempt(
    delivery: WebhookDelivery,
    attempt: object,
    status: DeliveryStatus,
    delayMs: number,
  ): Promise<void> {
    const values = [JSON.stringify([attempt]), status, delayMs, delivery.customer_id];
    await this.statements.run(RECORD_ATTEMPT, [...keyOf(delivery), delivery.next_attempt_at, ...values]);
  }

  async release(delivery: WebhookDelivery, delayMs: number): Promise<void> {
    await this.statements.run(RELEASE, [...keyOf(delivery), delivery.next_attempt_at, delayMs]);
  }

  /** @returns whether the customer is deleted, and the delivery with it. */
  async dropIfCustomerIsGone(delivery: WebhookDelivery): Promise<boolean> {
    return (await this.statements.run(DROP_IF_GONE, keyOf(delivery))).length > 0;
  }

  async measure(): Promise<{ pending: number; oldest_seconds: number }> {
    const [row] = await this.statements.run<{ pending: number; oldest_seconds: number }>(MEASURE, []);
    return row ?? { pending: 0, oldest_seconds: 0 };
  }
}
