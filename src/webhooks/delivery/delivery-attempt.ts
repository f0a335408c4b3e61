import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { isUnavailable } from '../../database/errors';
import type { CustomerEvent } from '../../events/event';
import { toEventDto } from '../../events/events.dto';
import { EventsService } from '../../events/events.service';
import { DeliveriesRepository } from '../deliveries.repository';
import type { LastResult, Webhook, WebhookDelivery } from '../webhook.entity';
import { WebhooksRepository } from '../webhooks.repository';
import { resultOf } from './delivery-slots';
import { retryDelayMs } from './retry-schedule';
import { isSuccess, type Message, type SentAttempt, WebhookSender } from './webhook-sender';

/** When to try an event again that could not be read or signed. */
const RETRY_UNSENT_MS = 5000;

const GONE = 410;

/** How long to try to record an attempt: with the attempt itself, less than the delivery is reserved for. */
const MAX_RECORD_MS = 10_000;
const RECORD_PAUSE_MS = 250;

const ATTEMPTS = new Counter({
  name: 'webhook_attempts_total',
  help: 'Attempts to deliver an event, by result; gave_up: it has failed and there will be no other',
  labelNames: ['result'],
});
for (const result of ['succeeded', 'failed', 'gave_up']) ATTEMPTS.inc({ result }, 0);

const LAG = new Histogram({
  name: 'webhook_delivery_lag_seconds',
  help: 'Time from a change to the success of the first attempt to tell of it',
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
});

const DISABLED = new Counter({
  name: 'webhooks_disabled_total',
  help: 'Webhooks disabled because their receiver was gone, or had failed for five days',
});

/** One attempt to send an event to a webhook, and what follows from its result. */
@Injectable()
export class DeliveryAttempt {
  private readonly log = new Logger(DeliveryAttempt.name);

  constructor(
    private readonly webhooks: WebhooksRepository,
    private readonly deliveries: DeliveriesRepository,
    private readonly events: EventsService,
    private readonly sender: WebhookSender,
  ) {}

  /** @returns undefined when nothing was sent. */
  async make(webhook: Webhook, delivery: WebhookDelivery, stop: AbortSignal): Promise<SentAttempt | undefined> {
    const event = await this.findEvent(delivery);
    if (!event) return this.skip(delivery);
    try {
      const attempt = await this.sender.send(webhook, messageOf(event), stop);
      await this.record(webhook, delivery, attempt, stop);
      if (isSuccess(attempt) && delivery.attempt_count === 0) observeLag(event);
      return attempt;
    } catch (error) {
      if (!stop.aborted) this.log.error(`A delivery to webhook ${webhook.id} was put off: ${String(error)}`);
      await this.deliveries.release(delivery, stop.aborted ? 0 : RETRY_UNSENT_MS);
      return undefined;
    }
  }

  /** The event as the feed shows it; undefined once the customer is deleted, unless it is the event of the deletion. */
  private async findEvent({
    seller_id,
    event_id,
    event_type,
    customer_id,
    version,
    position,
  }: WebhookDelivery): Promise<CustomerEvent | undefined> {
    const before = event_type === 'customer.deleted' ? version : version - 1;
    const after = { position, customerId: customer_id, version: before };
    const { events } = await this.events.page(seller_id, { after, customer_id, limit: 1 });
    return events.find(({ id }) => id === event_id);
  }

  /** When the customer still exists, the next attempt may find the event. */
  private async skip(delivery: WebhookDelivery): Promise<undefined> {
    if (await this.deliveries.dropIfCustomerIsGone(delivery)) return;
    await this.deliveries.release(delivery, RETRY_UNSENT_MS);
  }

  private async record(
    webhook: Webhook,
    delivery: WebhookDelivery,
    sent: SentAttempt,
    stop: AbortSignal,
  ): Promise<void> {
    const { retryAfterSeconds, ...attempt } = sent;
    const isGone = attempt.status_code === GONE;
    const delayMs = isSuccess(sent) || isGone ? undefined : retryDelayMs(delivery.attempt_count + 1, retryAfterSeconds);
    const status = isSuccess(sent) ? 'succeeded' : delayMs === undefined ? 'failed' : 'pending';
    await retryWhileUnavailable(() => this.deliveries.recordAttempt(delivery, attempt, status, delayMs ?? 0), stop);
    ATTEMPTS.inc({ result: status === 'pending' ? 'failed' : status === 'failed' ? 'gave_up' : 'succeeded' });
    const result = resultOf(sent);
    if (!isSuccess(sent)) await this.noteFailure(webhook, result, isGone);
    else if (webhook.failing_since || webhook.last_result !== result) await this.webhooks.noteSuccess(webhook, result);
  }

  private async noteFailure(webhook: Webhook, result: LastResult, isGone: boolean): Promise<void> {
    if (!(await this.webhooks.noteFailure(webhook, result, isGone))) return;
    DISABLED.inc();
    this.log.warn(
      `Webhook ${webhook.id} was disabled: ${isGone ? 'its receiver answered 410' : 'it failed for five days'}`,
    );
  }
}

function observeLag({ created_at }: CustomerEvent): void {
  LAG.observe(Math.max(0, Date.now() - created_at.getTime()) / 1000);
}

/** An event that was delivered but not recorded would be sent once more. */
async function retryWhileUnavailable(record: () => Promise<unknown>, stop: AbortSignal): Promise<void> {
  const end = performance.now() + MAX_RECORD_MS;
  for (;;) {
    try {
      await record();
      return;
    } catch (error) {
      if (!isUnavailable(error) || stop.aborted || performance.now() > end) throw error;
      await sleep(RECORD_PAUSE_MS);
    }
  }
}

function messageOf(event: CustomerEvent): Message {
  const data = toEventDto(event);
  return { id: data.id, body: JSON.stringify({ type: data.type, timestamp: data.created_at, data }) };
}
