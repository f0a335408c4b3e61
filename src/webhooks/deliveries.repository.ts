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
const NEWEST_FIRST = 'ORDER BY created_at DESC, event_id DESC';

/** Finds keys in an index, keeps those with the status, and then reads one delivery after the other, none beyond the page. */
const FIND_PAGE: Statement = {
  name: 'find_webhook_deliveries_page',
  text: `
  WITH RECURSIVE looked_at AS MATERIALIZED (
    SELECT event_id, created_at, status FROM webhook_deliveries
     WHERE ${OF_WEBHOOK} AND (created_at, event_id) < ($3::timestamptz, $4::uuid) ${NEWEST_FIRST} LIMIT $5
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
    LEFT JOIN LATERAL (SELECT * FROM webhook_deliveries WHERE ${OF_WEBHOOK} AND event_id = page.event_id) AS delivery ON true
    LEFT JOIN (SELECT * FROM looked_at ORDER BY created_at, event_id LIMIT 1) AS last ON page.number = 0
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

/** Reads the deliveries of webhooks in pages. */
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
}
