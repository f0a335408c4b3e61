import { randomUUID } from 'node:crypto';
import { Injectable, NotFoundException } from '@nestjs/common';
import { RateLimitException } from '../api-keys/rate-limit';
import { OverloadedError } from '../database/errors';
import type { EventPosition } from '../events/event';
import { DeliveriesRepository, type DeliveryPage } from './deliveries.repository';
import { resultOf } from './delivery/delivery-slots';
import { isSuccess, LIMIT_MS, WebhookSender } from './delivery/webhook-sender';
import type { DeliveriesQuery } from './dto/delivery.dto';
import type { Attempt, Webhook, WebhookDelivery } from './webhook.entity';
import { UnreadableSecretError } from './webhook-secrets';
import { WebhooksRepository } from './webhooks.repository';
import { WebhooksService } from './webhooks.service';

export const UNKNOWN_DELIVERY = 'Delivery not found';

const UNREADABLE_SECRET = 'The secret can not be decrypted any more: rotate it';

/** How many tests may wait for their receivers at the same time: in all, and of one seller. */
const MAX_TESTS = 20;
const MAX_TESTS_OF_SELLER = 3;

/** Lists deliveries, and sends what a seller asks for: an event again, everything again, a test. */
@Injectable()
export class DeliveriesService {
  /** The running tests, those first that began first. */
  private readonly testing = new Set<{ sellerId: string; startedAt: number }>();

  constructor(
    private readonly webhooks: WebhooksService,
    private readonly webhooksRepository: WebhooksRepository,
    private readonly deliveries: DeliveriesRepository,
    private readonly sender: WebhookSender,
  ) {}

  /** A page of the deliveries of a webhook, newest first. */
  async list(sellerId: string, webhookId: string, { limit, cursor, status }: DeliveriesQuery): Promise<DeliveryPage> {
    await this.webhooks.get(sellerId, webhookId);
    return this.deliveries.findPage(sellerId, webhookId, limit, { cursor, status });
  }

  /**
   * Sends an event again, with as many attempts as a new event.
   * @throws NotFoundException when the webhook has no such delivery.
   */
  async retry(sellerId: string, webhookId: string, eventId: string): Promise<WebhookDelivery> {
    await this.webhooks.get(sellerId, webhookId);
    const delivery = await this.deliveries.retry(sellerId, webhookId, eventId);
    if (!delivery) throw new NotFoundException(UNKNOWN_DELIVERY);
    return delivery;
  }

  /**
   * Sends everything after a position again.
   * @throws NotFoundException when the seller has no such webhook.
   */
  async replay(sellerId: string, webhookId: string, after: EventPosition): Promise<Webhook> {
    await this.webhooksRepository.moveCursorBack(sellerId, webhookId, after);
    return this.webhooks.get(sellerId, webhookId);
  }

  /**
   * Sends a `webhook.test` event at once, without retries, also when the webhook is disabled.
   * @throws NotFoundException when the seller has no such webhook.
   * @throws RateLimitException when too many tests of the seller are running, and OverloadedError when too many of all are.
   */
  async test(sellerId: string, webhookId: string): Promise<Attempt> {
    const webhook = await this.webhooks.get(sellerId, webhookId);
    const [first, ...others] = [...this.testing].filter((running) => running.sellerId === webhook.seller_id);
    if (first && others.length + 1 >= MAX_TESTS_OF_SELLER) throw new RateLimitException(secondsLeft(first.startedAt));
    if (this.testing.size >= MAX_TESTS) throw new OverloadedError();
    const test = { sellerId: webhook.seller_id, startedAt: performance.now() };
    this.testing.add(test);
    try {
      const attempt = await this.sender.send(webhook, testMessage(webhook.id));
      if (isSuccess(attempt)) await this.webhooksRepository.noteSuccess(webhook, resultOf(attempt));
      return attempt;
    } catch (error) {
      if (!(error instanceof UnreadableSecretError)) throw error;
      const attempted_at = new Date().toISOString();
      return { attempted_at, status_code: null, duration_ms: 0, error: UNREADABLE_SECRET, response: null };
    } finally {
      this.testing.delete(test);
    }
  }
}

/** Until an attempt ends at the latest. */
function secondsLeft(startedAt: number): number {
  return Math.max(1, Math.ceil((LIMIT_MS - (performance.now() - startedAt)) / 1000));
}

function testMessage(webhookId: string) {
  const [id, timestamp] = [randomUUID(), new Date().toISOString()];
  const data = { id, type: 'webhook.test', created_at: timestamp, webhook_id: webhookId };
  return { id, body: JSON.stringify({ type: data.type, timestamp, data }) };
}
