import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, QueryDeepPartialEntity, Repository } from 'typeorm';
import { type QueryExecutor, type Statement, Statements } from '../database/statements';
import { type EventPosition, eventId } from '../events/event';
import { SETTLED_POSITION } from '../customers/history/position';
import type { StoredEvent } from '../events/events.repository';
import { type LastResult, Webhook } from './webhook.entity';

/** A webhook with something to do. */
export type WebhookWork = Pick<Webhook, 'seller_id' | 'id' | 'last_result'> & {
  has_events: boolean;
  has_due: boolean;
};

/** Enabled webhooks that have new events, which the feed shows by now, or due deliveries; in random order, so that instances differ. */
const FIND_WORK: Statement = {
  name: 'find_webhook_work',
  text: `
  WITH settled AS MATERIALIZED (SELECT ${SETTLED_POSITION} AS position)
  SELECT * FROM (
    SELECT seller_id, id, last_result,
           EXISTS (SELECT FROM customer_history AS event
                    WHERE event.seller_id = webhook.seller_id AND event.position < (SELECT position FROM settled)
                      AND (event.position, event.customer_id, event.version)
                        > (webhook.cursor_position, webhook.cursor_customer_id, webhook.cursor_version))
           OR EXISTS (SELECT FROM customer_deletions AS event
                       WHERE event.seller_id = webhook.seller_id AND event.position < (SELECT position FROM settled)
                         AND (event.position, event.customer_id, event.version)
                           > (webhook.cursor_position, webhook.cursor_customer_id, webhook.cursor_version - 1))
           AS has_events,
           EXISTS (SELECT FROM webhook_deliveries AS delivery
                    WHERE delivery.seller_id = webhook.seller_id AND delivery.webhook_id = webhook.id
                      AND delivery.status = 'pending' AND delivery.next_attempt_at <= now()) AS has_due
      FROM webhooks AS webhook WHERE status = 'enabled') AS work
   WHERE has_events OR has_due ORDER BY random()`,
};

/** For one instance at a time. The others skip the webhook. */
const LOCK_CURSOR: Statement = {
  name: 'lock_webhook_cursor',
  text: `
  SELECT event_types, cursor_position, cursor_customer_id, cursor_version FROM webhooks
   WHERE seller_id = $1 AND id = $2 AND status = 'enabled' FOR NO KEY UPDATE SKIP LOCKED`,
};

/** A delivery that exists already (a replay) becomes pending again. */
const ADD_DELIVERIES: Statement = {
  name: 'add_webhook_deliveries',
  text: `
  INSERT INTO webhook_deliveries (seller_id, webhook_id, event_id, event_type, customer_id, version, position,
                                  next_attempt_at, created_at)
  SELECT $1, $2, event.*, clock_timestamp(), clock_timestamp()
    FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::int[], $7::bigint[]) AS event
      ON CONFLICT (seller_id, webhook_id, event_id)
      DO UPDATE SET status = 'pending', attempt_count = 0, next_attempt_at = excluded.next_attempt_at`,
};

/** Those that were added while the deletion of their customers was under way, which did not see them. */
const REMOVE_DELIVERIES: Statement = {
  name: 'remove_webhook_deliveries',
  text: `
  DELETE FROM webhook_deliveries
   WHERE seller_id = $1 AND customer_id = ANY($2) AND event_type <> 'customer.deleted'`,
};

const MOVE_CURSOR: Statement = {
  name: 'move_webhook_cursor',
  text: `
  UPDATE webhooks SET cursor_position = $3, cursor_customer_id = $4, cursor_version = $5
   WHERE seller_id = $1 AND id = $2`,
};

const MOVE_CURSOR_BACK: Statement = {
  name: 'move_webhook_cursor_back',
  text: `${MOVE_CURSOR.text} AND (cursor_position, cursor_customer_id, cursor_version) > ($3::bigint, $4::uuid, $5::int)`,
};

const LOAD_WEBHOOK: Statement = {
  name: 'load_webhook',
  text: `SELECT * FROM webhooks WHERE seller_id = $1 AND id = $2`,
};

const NOTE_SUCCESS: Statement = {
  name: 'note_webhook_success',
  text: `
  UPDATE webhooks SET failing_since = NULL, last_result = $3
   WHERE seller_id = $1 AND id = $2 AND (failing_since IS NOT NULL OR last_result IS DISTINCT FROM $3)`,
};

/** A failure after five days without one restarts the count, as little may have been sent in that time. */
const STREAK_CONTINUES = `coalesce(last_failed_at, failing_since) > now() - interval '5 days'`;

/** Whether the receiver is gone ($4), or has failed for five days. */
const MUST_DISABLE = `($4 OR (${STREAK_CONTINUES} AND failing_since <= now() - interval '5 days') IS TRUE)`;

/** Disables the webhook when it is over, and otherwise writes once an hour, or when the result is another than before. */
const NOTE_FAILURE: Statement = {
  name: 'note_webhook_failure',
  text: `
  UPDATE webhooks SET
    failing_since = coalesce(CASE WHEN ${STREAK_CONTINUES} THEN failing_since END, clock_timestamp()),
    last_failed_at = clock_timestamp(),
    last_result = $5,
    status = CASE WHEN ${MUST_DISABLE} THEN 'disabled' ELSE status END,
    updated_at = CASE WHEN ${MUST_DISABLE} THEN clock_timestamp() ELSE updated_at END
   WHERE seller_id = $1 AND id = $2 AND url = $3 AND status = 'enabled'
     AND (${MUST_DISABLE} OR failing_since IS NULL OR last_result IS DISTINCT FROM $5
          OR last_failed_at > now() - interval '1 hour' IS NOT TRUE)
  RETURNING status`,
};

const LIST_SECRETS: Statement = {
  name: 'list_webhook_secrets',
  text: `SELECT id, secret FROM webhooks WHERE status = 'enabled'`,
};

type FeedCursor = Pick<Webhook, 'event_types' | 'cursor_position' | 'cursor_customer_id' | 'cursor_version'>;

/** All SQL on webhooks, and what makes deliveries of events. */
@Injectable()
export class WebhooksRepository {
  constructor(
    @InjectRepository(Webhook) private readonly webhooks: Repository<Webhook>,
    private readonly statements: Statements,
  ) {}

  transaction<T>(work: (transaction: EntityManager) => Promise<T>): Promise<T> {
    return this.webhooks.manager.transaction('READ COMMITTED', work);
  }

  count(transaction: EntityManager, sellerId: string): Promise<number> {
    return transaction.countBy(Webhook, { seller_id: sellerId });
  }

  async insert(transaction: EntityManager, webhook: Webhook): Promise<void> {
    await transaction.insert(Webhook, webhook);
  }

  /** All webhooks of the seller, newest first. */
  list(sellerId: string): Promise<Webhook[]> {
    return this.webhooks.find({ where: { seller_id: sellerId }, order: { created_at: 'DESC', id: 'DESC' } });
  }

  async load(sellerId: string, id: string): Promise<Webhook | undefined> {
    const [webhook] = await this.statements.run<Webhook & Record<string, unknown>>(LOAD_WEBHOOK, [sellerId, id]);
    return webhook;
  }

  async update(sellerId: string, id: string, values: QueryDeepPartialEntity<Webhook>): Promise<void> {
    await this.webhooks.update({ seller_id: sellerId, id }, values);
  }

  /** @returns false when the seller has no such webhook. */
  async delete(sellerId: string, id: string): Promise<boolean> {
    return Boolean((await this.webhooks.delete({ seller_id: sellerId, id })).affected);
  }

  findWork(): Promise<WebhookWork[]> {
    return this.statements.run<WebhookWork & Record<string, unknown>>(FIND_WORK, []);
  }

  /** The secrets of all enabled webhooks. */
  listSecrets(): Promise<Pick<Webhook, 'id' | 'secret'>[]> {
    return this.statements.run<Pick<Webhook, 'id' | 'secret'> & Record<string, unknown>>(LIST_SECRETS, []);
  }

  /** Undefined when another instance has it locked, or it is not enabled. */
  async lockCursor(executor: QueryExecutor, sellerId: string, id: string): Promise<FeedCursor | undefined> {
    return (await executor.run<FeedCursor>(LOCK_CURSOR, [sellerId, id]))[0];
  }

  async moveCursor(executor: QueryExecutor, sellerId: string, id: string, to: EventPosition): Promise<void> {
    await executor.run(MOVE_CURSOR, [sellerId, id, to.position, to.customerId, to.version]);
  }

  async addDeliveries(
    executor: QueryExecutor,
    sellerId: string,
    webhookId: string,
    events: StoredEvent[],
  ): Promise<void> {
    await executor.run(ADD_DELIVERIES, [
      sellerId,
      webhookId,
      events.map((event) => eventId(event.customer_id, event.version, event.type)),
      events.map(({ type }) => type),
      events.map(({ customer_id }) => customer_id),
      events.map(({ version }) => version),
      events.map(({ position }) => position),
    ]);
  }

  /** Removes the deliveries of deleted customers, except those of the deletions themselves. */
  async removeDeliveries(executor: QueryExecutor, sellerId: string, customerIds: string[]): Promise<void> {
    await executor.run(REMOVE_DELIVERIES, [sellerId, customerIds]);
  }

  /** Moves the cursor back, never forward: that would skip events. */
  async moveCursorBack(sellerId: string, id: string, to: EventPosition): Promise<void> {
    await this.statements.run(MOVE_CURSOR_BACK, [sellerId, id, to.position, to.customerId, to.version]);
  }

  async noteSuccess({ seller_id, id }: Webhook, result: LastResult): Promise<void> {
    await this.statements.run(NOTE_SUCCESS, [seller_id, id, result]);
  }

  /** @returns whether that disabled the webhook. */
  async noteFailure({ seller_id, id, url }: Webhook, result: LastResult, isGone: boolean): Promise<boolean> {
    const [noted] = await this.statements.run<{ status: string }>(NOTE_FAILURE, [seller_id, id, url, isGone, result]);
    return noted?.status === 'disabled';
  }
}
