import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { isUnavailable } from '../../database/errors';
import type { CustomerEvent } from '../../events/event';
import { toEventDto } from '../../events/events.dto';
import { EventsService } from '../../events/events.service';
import type { Webhook, WebhookDelivery } from '../webhook.entity';
import { WebhooksRepository } from '../webhooks.repository';
import { countAttempt, countDisabled, measureLag } from './delivery-metrics';
import { retryDelayMs } from './retry-schedule';
import { isSuccess, type Message, type SentAttempt, WebhookSender } from './webhook-sender';

/** When to try an event again that could not be read or signed. */
const RETRY_UNSENT_MS = 5000;

const GONE = 410;

/** How long to try to record an attempt: with the attempt itself, less than the delivery is reserved for. */
const MAX_RECORD_MS = 10_000;
const RECORD_PAUSE_MS = 250;

/** One attempt to send an event to a webhook, and what follows from its result. */
@Injectable()
export class DeliveryAttempt {
  private readonly log = new Logger(DeliveryAttempt.name);

  constructor(
    private readonly repository: WebhooksRepository,
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
      if (isSuccess(attempt) && delivery.attempt_count === 0) measureLag(event.created_at);
      return attempt;
    } catch (error) {
      if (!stop.aborted) this.log.error(`A delivery to webhook ${webhook.id} was put off: ${String(error)}`);
      await this.repository.release(delivery, stop.aborted ? 0 : RETRY_UNSENT_MS);
      return undefined;
    }
  }

  /** The event as the feed shows it, where nothing is left of a deleted customer. */
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
    if (await this.repository.dropIfCustomerIsGone(delivery)) return;
    await this.repository.release(delivery, RETRY_UNSENT_MS);
  }

  private async record(
    webhook: Webhook,
    delivery: WebhookDelivery,
    sent: SentAttempt,
    stop: AbortSignal,
  ): Promise<void> {
    const { retryAfterSeconds, ...attempt } = sent;
    // What a receiver says to a deletion may name whom it has deleted, and nothing of them is to be kept.
    if (delivery.event_type === 'customer.deleted') attempt.response = null;
    const isGone = attempt.status_code === GONE;
    const delayMs = isSuccess(sent) || isGone ? undefined : retryDelayMs(delivery.attempt_count + 1, retryAfterSeconds);
    const status = isSuccess(sent) ? 'succeeded' : delayMs === undefined ? 'failed' : 'pending';
    await retryWhileUnavailable(() => this.repository.recordAttempt(delivery, attempt, status, delayMs ?? 0), stop);
    countAttempt(status === 'pending' ? 'failed' : status === 'failed' ? 'gave_up' : 'succeeded');
    if (!isSuccess(sent)) await this.noteFailure(webhook, isGone);
    else if (webhook.failing_since) await this.repository.noteSuccess(webhook);
  }

  private async noteFailure(webhook: Webhook, isGone: boolean): Promise<void> {
    if (!(await this.repository.noteFailure(webhook, isGone))) return;
    countDisabled();
    this.log.warn(
      `Webhook ${webhook.id} was disabled: ${isGone ? 'its receiver answered 410' : 'it failed for five days'}`,
    );
  }
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
