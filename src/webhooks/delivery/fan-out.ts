import { Injectable } from '@nestjs/common';
import { type QueryExecutor, Statements } from '../../database/statements';
import { EVENT_TYPES, type EventType } from '../../events/event';
import { EventsRepository } from '../../events/events.repository';
import { ALL_TYPES, type Webhook } from '../webhook.entity';
import { WebhooksRepository } from '../webhooks.repository';

const LIMIT = 500;
const LOCK_TIMEOUT_MS = 1000;

/**
 * Creates deliveries of the events after a webhook's cursor, and moves the cursor, in one transaction. So no event is lost
 * when an instance is killed, and the writers of customers do nothing for webhooks.
 */
@Injectable()
export class FanOut {
  constructor(
    private readonly statements: Statements,
    private readonly events: EventsRepository,
    private readonly webhooks: WebhooksRepository,
  ) {}

  /** @returns whether there are more events. */
  run(sellerId: string, webhookId: string): Promise<boolean> {
    return this.statements.transaction({ lockTimeoutMs: LOCK_TIMEOUT_MS }, (transaction) =>
      this.addDeliveries(transaction, sellerId, webhookId),
    );
  }

  private async addDeliveries(transaction: QueryExecutor, sellerId: string, webhookId: string): Promise<boolean> {
    const cursor = await this.webhooks.lockCursor(transaction, sellerId, webhookId);
    if (!cursor) return false;
    const { cursor_position: position, cursor_customer_id: customerId, cursor_version: version } = cursor;
    const after = { position, customerId, version };
    const wantedTypes = typesOf(cursor);
    const types = EVENT_TYPES.filter((type) => wantedTypes.includes(type) || type === 'customer.deleted');
    const { events, next, hasMore } = await this.events.find({ sellerId, after, limit: LIMIT, types }, transaction);
    const deleted = events.flatMap(({ type, customer_id }) => (type === 'customer.deleted' ? [customer_id] : []));
    if (deleted.length > 0) await this.webhooks.removeDeliveries(transaction, sellerId, deleted);
    const wanted = events.filter(({ type }) => wantedTypes.includes(type));
    if (wanted.length > 0) await this.webhooks.addDeliveries(transaction, sellerId, webhookId, wanted);
    const hasMoved = next.position !== position || next.customerId !== customerId || next.version !== version;
    if (hasMoved) await this.webhooks.moveCursor(transaction, sellerId, webhookId, next);
    return hasMore;
  }
}

function typesOf({ event_types }: Pick<Webhook, 'event_types'>): readonly EventType[] {
  return event_types.includes(ALL_TYPES) ? EVENT_TYPES : EVENT_TYPES.filter((type) => event_types.includes(type));
}
