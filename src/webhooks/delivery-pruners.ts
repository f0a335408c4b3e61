import { Injectable } from '@nestjs/common';
import { PRUNED_AT_ONCE, Pruner } from '../database/pruner';
import type { Statement } from '../database/statements';

const EXPIRED = `
    SELECT tableoid, ctid FROM webhook_deliveries
     WHERE status <> 'pending' AND created_at < now() - interval '30 days'
     ORDER BY created_at LIMIT ${PRUNED_AT_ONCE} FOR UPDATE SKIP LOCKED`;

/** The deliveries of one deleted webhook. The recursion steps through the index from webhook to webhook (a "loose index scan"). */
const LOST = `
    SELECT delivery.* FROM (
      WITH RECURSIVE known AS (
        (SELECT seller_id, webhook_id FROM webhook_deliveries ORDER BY seller_id, webhook_id LIMIT 1)
        UNION ALL
        SELECT next.* FROM known CROSS JOIN LATERAL (
          SELECT seller_id, webhook_id FROM webhook_deliveries
           WHERE (seller_id, webhook_id) > (known.seller_id, known.webhook_id)
           ORDER BY seller_id, webhook_id LIMIT 1) AS next
      ) SELECT * FROM known
         WHERE NOT EXISTS (SELECT FROM webhooks WHERE seller_id = known.seller_id AND id = known.webhook_id)
         LIMIT 1) AS lost
     CROSS JOIN LATERAL (
       SELECT tableoid, ctid FROM webhook_deliveries
        WHERE seller_id = lost.seller_id AND webhook_id = lost.webhook_id LIMIT ${PRUNED_AT_ONCE}) AS delivery`;

const remove = (name: string, found: string): Statement => ({
  name,
  text: `
  DELETE FROM webhook_deliveries AS delivery USING (${found}) AS found
   WHERE delivery.tableoid = found.tableoid AND delivery.ctid = found.ctid
  RETURNING 1`,
});

/** Removes deliveries 30 days after they were created, once they are over. */
@Injectable()
export class DeliveryPruner extends Pruner {
  protected readonly statement = remove('prune_webhook_deliveries', EXPIRED);
  protected readonly what = 'Deliveries of webhooks that are long over';
}

/** Removes deliveries of webhooks that were deleted. */
@Injectable()
export class OrphanedDeliveryPruner extends Pruner {
  protected readonly statement = remove('prune_lost_webhook_deliveries', LOST);
  protected readonly what = 'Deliveries of webhooks that were deleted';
}
