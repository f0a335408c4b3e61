import type { Statement } from '../../database/statements';

/** Enabled webhooks with events after their place in the feed, or with deliveries that are due; in any order, for all to have their turn. */
export const FIND_WORK: Statement = {
  name: 'find_webhook_work',
  text: `
  SELECT * FROM (
    SELECT seller_id, id,
           EXISTS (SELECT FROM customer_history AS event
                    WHERE event.seller_id = webhook.seller_id
                      AND (event.position, event.customer_id, event.version)
                        > (webhook.cursor_position, webhook.cursor_customer_id, webhook.cursor_version))
           OR EXISTS (SELECT FROM customer_deletions AS event
                       WHERE event.seller_id = webhook.seller_id
                         AND (event.position, event.customer_id, event.version)
                           > (webhook.cursor_position, webhook.cursor_customer_id, webhook.cursor_version - 1))
           AS has_events,
           EXISTS (SELECT FROM webhook_deliveries AS delivery
                    WHERE delivery.seller_id = webhook.seller_id AND delivery.webhook_id = webhook.id
                      AND delivery.status = 'pending' AND delivery.next_attempt_at <= now()) AS has_due
      FROM webhooks AS webhook WHERE status = 'enabled') AS work
   WHERE has_events OR has_due ORDER BY random()`,
};

/** For one instance at a time; the others have something else to do. */
export const LOCK_CURSOR: Statement = {
  name: 'lock_webhook_cursor',
  text: `
  SELECT event_types, cursor_position, cursor_customer_id, cursor_version FROM webhooks
   WHERE seller_id = $1 AND id = $2 AND status = 'enabled' FOR NO KEY UPDATE SKIP LOCKED`,
};

/** Those that are there already are asked for again. */
export const ADD_DELIVERIES: Statement = {
  name: 'add_webhook_deliveries',
  text: `
  INSERT INTO webhook_deliveries (seller_id, webhook_id, event_id, event_type, customer_id, version, position,
                                  next_attempt_at, created_at)
  SELECT $1, $2, event.*, clock_timestamp(), clock_timestamp()
    FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::int[], $7::bigint[]) AS event
      ON CONFLICT (seller_id, webhook_id, event_id)
      DO UPDATE SET status = 'pending', attempt_count = 0, next_attempt_at = excluded.next_attempt_at`,
};

export const MOVE_CURSOR: Statement = {
  name: 'move_webhook_cursor',
  text: `
  UPDATE webhooks SET cursor_position = $3, cursor_customer_id = $4, cursor_version = $5
   WHERE seller_id = $1 AND id = $2`,
};

/** How long an attempt may take before it counts as lost, with the instance that made it. */
const LEASE = `interval '30 seconds'`;

/** Takes some deliveries that are due away from all others, for as long as attempts may take. */
export const CLAIM: Statement = {
  name: 'claim_webhook_deliveries',
  text: `
  UPDATE webhook_deliveries AS delivery SET next_attempt_at = clock_timestamp() + ${LEASE}
    FROM (SELECT event_id FROM webhook_deliveries
           WHERE seller_id = $1 AND webhook_id = $2 AND status = 'pending' AND next_attempt_at <= now()
           ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
   WHERE delivery.seller_id = $1 AND delivery.webhook_id = $2 AND delivery.event_id = due.event_id
  RETURNING delivery.*`,
};

/** With webhooks that were disabled meanwhile. */
export const LOAD_WEBHOOK: Statement = {
  name: 'load_webhook',
  text: `SELECT * FROM webhooks WHERE seller_id = $1 AND id = $2`,
};

const KEPT_ATTEMPTS = 20;

/** What was asked for again while the attempt was under way stays so. */
export const RECORD_ATTEMPT: Statement = {
  name: 'record_webhook_attempt',
  text: `
  UPDATE webhook_deliveries SET
    attempts = (CASE WHEN jsonb_array_length(attempts) >= ${KEPT_ATTEMPTS} THEN attempts - 0 ELSE attempts END) || $5::jsonb,
    attempt_count = CASE WHEN next_attempt_at = $4 THEN attempt_count + 1 ELSE attempt_count END,
    status = CASE WHEN next_attempt_at = $4 THEN $6 ELSE status END,
    next_attempt_at = CASE WHEN next_attempt_at = $4 THEN clock_timestamp() + $7::float8 * interval '1 millisecond'
                           ELSE next_attempt_at END
   WHERE seller_id = $1 AND webhook_id = $2 AND event_id = $3`,
};

/** Gives a delivery back of which there was no attempt. */
export const RELEASE: Statement = {
  name: 'release_webhook_delivery',
  text: `
  UPDATE webhook_deliveries SET next_attempt_at = clock_timestamp() + $5::float8 * interval '1 millisecond'
   WHERE seller_id = $1 AND webhook_id = $2 AND event_id = $3 AND next_attempt_at = $4`,
};

/** What was to tell of a customer who has been deleted. */
export const DROP_IF_GONE: Statement = {
  name: 'drop_webhook_delivery',
  text: `
  DELETE FROM webhook_deliveries AS delivery
   WHERE seller_id = $1 AND webhook_id = $2 AND event_id = $3 AND event_type <> 'customer.deleted'
     AND NOT EXISTS (SELECT FROM customers WHERE seller_id = delivery.seller_id AND id = delivery.customer_id)
  RETURNING 1`,
};

export const NOTE_SUCCESS: Statement = {
  name: 'note_webhook_success',
  text: `UPDATE webhooks SET failing_since = NULL WHERE seller_id = $1 AND id = $2 AND failing_since IS NOT NULL`,
};

/** Disables it when the receiver says that it is gone for good, or after five days (contract, "Webhooks"). */
export const NOTE_FAILURE: Statement = {
  name: 'note_webhook_failure',
  text: `
  UPDATE webhooks SET
    failing_since = coalesce(failing_since, clock_timestamp()),
    status = CASE WHEN $4 OR failing_since <= now() - interval '5 days' THEN 'disabled' ELSE status END,
    updated_at = CASE WHEN $4 OR failing_since <= now() - interval '5 days' THEN clock_timestamp() ELSE updated_at END
   WHERE seller_id = $1 AND id = $2 AND url = $3 AND status = 'enabled'
     AND ($4 OR failing_since IS NULL OR failing_since <= now() - interval '5 days')
  RETURNING status`,
};

/** Of more, as many as this. */
const COUNTED = 100_000;

export const MEASURE: Statement = {
  name: 'measure_webhook_deliveries',
  text: `
  SELECT count(*)::int AS pending, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_seconds
    FROM (SELECT webhook.seller_id, webhook.id FROM webhooks AS webhook WHERE status = 'enabled') AS webhook
   CROSS JOIN LATERAL (
     SELECT created_at FROM webhook_deliveries
      WHERE seller_id = webhook.seller_id AND webhook_id = webhook.id AND status = 'pending' LIMIT ${COUNTED}) AS delivery`,
};
