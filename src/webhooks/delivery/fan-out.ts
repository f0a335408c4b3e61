import { Injectable } from '@nestjs/common';
import { type QueryExecutor as Runner, Statements } from '../../database/statements';
import { EVENT_TYPES, eventId, type EventType } from '../../events/event';
import { findEvents } from '../../events/events.statements';
import { ALL_TYPES, type Webhook } from '../webhook.entity';
import { ADD_DELIVERIES, LOCK_CURSOR, MOVE_CURSOR } from './delivery.statements';

type Cursor = Pick<Webhook, 'event_types' | 'cursor_position' | 'cursor_customer_id' | 'cursor_version'>;

const LIMIT = 500;
const LOCK_TIMEOUT_MS = 1000;

/**
 * Makes deliveries of the events that have come after a webhook's place in the feed, and moves that place, in one
 * transaction: so each event is delivered, whenever an instance is killed, and writers of customers do nothing for it.
 */
@Injectable()
export class FanOut {
  constructor(private readonly statements: Statements) {}

  /** @returns whether there is more to do at once. */
  run(sellerId: string, webhookId: string): Promise<boolean> {
    return this.statements.transaction({ lockTimeoutMs: LOCK_TIMEOUT_MS }, async (transaction) => {
      const [cursor] = await transaction.run<Cursor>(LOCK_CURSOR, [sellerId, webhookId]);
      return cursor ? advance(transaction, sellerId, webhookId, cursor) : false;
    });
  }
}

async function advance(transaction: Runner, sellerId: string, webhookId: string, cursor: Cursor): Promise<boolean> {
  const { cursor_position: position, cursor_customer_id: customerId, cursor_version: version } = cursor;
  const after = { position, customerId, version };
  const { events, next, hasMore } = await findEvents(transaction, sellerId, after, LIMIT, typesOf(cursor));
  if (events.length > 0) {
    await transaction.run(ADD_DELIVERIES, [
      sellerId,
      webhookId,
      events.map((event) => eventId(event.customer_id, event.version, event.type)),
      events.map(({ type }) => type),
      events.map(({ customer_id }) => customer_id),
      events.map(({ version }) => version),
      events.map(({ position }) => position),
    ]);
  }
  const hasMoved = next.position !== position || next.customerId !== customerId || next.version !== version;
  if (hasMoved) {
    await transaction.run(MOVE_CURSOR, [sellerId, webhookId, next.position, next.customerId, next.version]);
  }
  return hasMore;
}

function typesOf({ event_types }: Cursor): readonly EventType[] {
  return event_types.includes(ALL_TYPES) ? EVENT_TYPES : EVENT_TYPES.filter((type) => event_types.includes(type));
}
