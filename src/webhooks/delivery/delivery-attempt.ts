import { Injectable, Logger } from '@nestjs/common';
import { Statements } from '../../database/statements';
import type { CustomerEvent } from '../../events/event';
import { toEventDto } from '../../events/event.dto';
import { EventsService } from '../../events/events.service';
import type { Webhook } from '../webhook.entity';
import type { WebhookDelivery } from '../webhook-delivery.entity';
import { countAttempt, countDisabled, measureLag } from './delivery-metrics';
import { DROP_IF_GONE, NOTE_FAILURE, NOTE_SUCCESS, RECORD_ATTEMPT, RELEASE } from './delivery.statements';
import { retryDelayMs } from './retry-schedule';
import { isSuccess, type Message, type SentAttempt, WebhookSender } from './webhook-sender';

/** For an event that can't be read or signed now. */
const LATER_MS = 5000;

const GONE = 410;

/** One attempt to tell a webhook of an event, and what follows from it. */
@Injectable()
export class DeliveryAttempt {
  private readonly log = new Logger(DeliveryAttempt.name);

  constructor(
    private readonly statements: Statements,
    private readonly events: EventsService,
    private readonly sender: WebhookSender,
  ) {}

  /** @returns undefined when nothing was sent. */
  async make(webhook: Webhook, delivery: WebhookDelivery, stop: AbortSignal): Promise<SentAttempt | undefined> {
    const event = await this.findEvent(delivery);
    if (!event) return this.passOver(delivery);
    try {
      const attempt = await this.sender.send(webhook, messageOf(event), stop);
      await this.record(webhook, delivery, attempt);
      if (isSuccess(attempt) && delivery.attempt_count === 0) measureLag(event.created_at);
      return attempt;
    } catch (error) {
      if (!stop.aborted) this.log.error(`A delivery to webhook ${webhook.id} was put off: ${String(error)}`);
      await this.statements.run(RELEASE, [...keyOf(delivery), delivery.next_attempt_at, stop.aborted ? 0 : LATER_MS]);
      return undefined;
    }
  }

  /** As the feed shows it, so that nothing is sent of a customer who is deleted. */
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

  /** Of an event that is not there, although its customer is, the next attempt may find more. */
  private async passOver(delivery: WebhookDelivery): Promise<undefined> {
    const dropped = await this.statements.run(DROP_IF_GONE, keyOf(delivery));
    if (dropped.length > 0) return;
    await this.statements.run(RELEASE, [...keyOf(delivery), delivery.next_attempt_at, LATER_MS]);
  }

  private async record(webhook: Webhook, delivery: WebhookDelivery, sent: SentAttempt): Promise<void> {
    const { retryAfterSeconds, ...attempt } = sent;
    const isGone = attempt.status_code === GONE;
    const delayMs = isSuccess(sent) || isGone ? undefined : retryDelayMs(delivery.attempt_count + 1, retryAfterSeconds);
    const status = isSuccess(sent) ? 'succeeded' : delayMs === undefined ? 'failed' : 'pending';
    const values = [JSON.stringify([attempt]), status, delayMs ?? 0];
    await this.statements.run(RECORD_ATTEMPT, [...keyOf(delivery), delivery.next_attempt_at, ...values]);
    countAttempt(status === 'pending' ? 'failed' : status === 'failed' ? 'gave_up' : 'succeeded');
    if (isSuccess(sent)) await this.noteSuccess(webhook);
    else await this.noteFailure(webhook, isGone);
  }

  private async noteSuccess({ seller_id, id, failing_since }: Webhook): Promise<void> {
    if (failing_since) await this.statements.run(NOTE_SUCCESS, [seller_id, id]);
  }

  private async noteFailure({ seller_id, id, url }: Webhook, isGone: boolean): Promise<void> {
    const [noted] = await this.statements.run<{ status: string }>(NOTE_FAILURE, [seller_id, id, url, isGone]);
    if (noted?.status !== 'disabled') return;
    countDisabled();
    this.log.warn(`Webhook ${id} was disabled: ${isGone ? 'its receiver answered 410' : 'it failed for five days'}`);
  }
}

function keyOf({ seller_id, webhook_id, event_id }: WebhookDelivery): string[] {
  return [seller_id, webhook_id, event_id];
}

function messageOf(event: CustomerEvent): Message {
  const data = toEventDto(event);
  return { id: data.id, body: JSON.stringify({ type: data.type, timestamp: data.created_at, data }) };
}
