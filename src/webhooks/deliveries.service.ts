import { randomUUID } from 'node:crypto';
import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { OverloadedError } from '../database/errors';
import type { EventPosition } from '../events/event-cursor';
import type { CursorPosition } from '../http/cursor';
import { type Attempt, isSuccess, WebhookSender } from './delivery/webhook-sender';
import { type DeliveriesQuery, DEFAULT_LIMIT } from './dto/deliveries.query';
import { Webhook } from './webhook.entity';
import { WebhookDelivery } from './webhook-delivery.entity';
import { WebhooksService } from './webhooks.service';

export interface DeliveryPage {
  deliveries: WebhookDelivery[];
  next: CursorPosition | null;
}

export const UNKNOWN_DELIVERY = 'Delivery not found';

/** Tests that may wait for their receivers at once: of all sellers, and of each. */
const MAX_TESTS = 20;
const MAX_TESTS_OF_SELLER = 3;

/** What a seller sees of deliveries, and asks for beside those that come by themselves. */
@Injectable()
export class DeliveriesService {
  /** The sellers of the tests that are under way. */
  private readonly testing: string[] = [];

  constructor(
    @InjectRepository(WebhookDelivery) private readonly deliveries: Repository<WebhookDelivery>,
    @InjectRepository(Webhook) private readonly rows: Repository<Webhook>,
    private readonly webhooks: WebhooksService,
    private readonly sender: WebhookSender,
  ) {}

  /** Some deliveries of a webhook, newest first. */
  async list(
    sellerId: string,
    webhookId: string,
    { limit = DEFAULT_LIMIT, cursor, status }: DeliveriesQuery,
  ): Promise<DeliveryPage> {
    await this.webhooks.get(sellerId, webhookId);
    const select = this.deliveries
      .createQueryBuilder('delivery')
      .where('delivery.seller_id = :sellerId AND delivery.webhook_id = :webhookId', { sellerId, webhookId });
    if (status) select.andWhere('delivery.status = :status', { status });
    if (cursor) select.andWhere('(delivery.created_at, delivery.event_id) < (:created_at, :id)', cursor);
    const found = await select
      .orderBy({ 'delivery.created_at': 'DESC', 'delivery.event_id': 'DESC' })
      .limit(limit + 1)
      .getMany();
    const deliveries = found.slice(0, limit);
    const last = deliveries.at(-1);
    const hasMore = last && found.length > limit;
    return { deliveries, next: hasMore ? { created_at: last.created_at, id: last.event_id } : null };
  }

  /**
   * Sends an event again, with all attempts that a new one has.
   * @throws NotFoundException when the webhook has no such delivery.
   */
  async retry(sellerId: string, webhookId: string, eventId: string): Promise<WebhookDelivery> {
    await this.webhooks.get(sellerId, webhookId);
    const key = { seller_id: sellerId, webhook_id: webhookId, event_id: eventId };
    await this.deliveries.update(key, { status: 'pending', attempt_count: 0, next_attempt_at: () => 'now()' });
    const delivery = await this.deliveries.findOneBy(key);
    if (!delivery) throw new NotFoundException(UNKNOWN_DELIVERY);
    return delivery;
  }

  /**
   * Takes the webhook's place in the feed back, never forward: that would leave out events.
   * @throws NotFoundException when the seller has no such webhook.
   */
  async replay(sellerId: string, webhookId: string, after: EventPosition): Promise<Webhook> {
    const { position, customerId, version } = after;
    await this.rows
      .createQueryBuilder()
      .update()
      .set({ cursor_position: position, cursor_customer_id: customerId, cursor_version: version })
      .where('seller_id = :sellerId AND id = :webhookId', { sellerId, webhookId })
      .andWhere(
        '(cursor_position, cursor_customer_id, cursor_version) > (CAST(:position AS bigint), CAST(:customerId AS uuid), CAST(:version AS int))',
        { ...after },
      )
      .execute();
    return this.webhooks.get(sellerId, webhookId);
  }

  /**
   * Sends an event that means nothing, at once and only once. Also when the webhook is disabled.
   * @throws NotFoundException when the seller has no such webhook.
   * @throws OverloadedError when too many are under way.
   */
  async test(sellerId: string, webhookId: string): Promise<Attempt> {
    const webhook = await this.webhooks.get(sellerId, webhookId);
    const ofSeller = this.testing.filter((other) => other === webhook.seller_id).length;
    if (this.testing.length >= MAX_TESTS || ofSeller >= MAX_TESTS_OF_SELLER) throw new OverloadedError();
    this.testing.push(webhook.seller_id);
    try {
      const attempt = await this.sender.send(webhook, testMessage(webhook.id));
      const { status_code, error } = attempt;
      if (isSuccess(attempt) || error) return attempt;
      return { ...attempt, error: `The status ${status_code} is no success` };
    } finally {
      this.testing.splice(this.testing.indexOf(webhook.seller_id), 1);
    }
  }
}

function testMessage(webhookId: string) {
  const [id, timestamp] = [randomUUID(), new Date().toISOString()];
  const data = { id, type: 'webhook.test', created_at: timestamp, webhook_id: webhookId };
  return { id, body: JSON.stringify({ type: data.type, timestamp, data }) };
}
