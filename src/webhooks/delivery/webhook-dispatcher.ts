import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { Config } from '../../config/config';
import { DeliveriesRepository } from '../deliveries.repository';
import type { Webhook, WebhookDelivery } from '../webhook.entity';
import { WebhookSecrets } from '../webhook-secrets';
import { WebhooksRepository, type WebhookWork } from '../webhooks.repository';
import { DeliveryAttempt } from './delivery-attempt';
import { DeliverySlots, type Slot } from './delivery-slots';
import { FanOut } from './fan-out';
import { isSuccess } from './webhook-sender';

/** The pause between two searches for work. It grows with the time that a search takes, so that searches stay cheap. */
const PAUSE_MS = 200;
const PAUSE_FACTOR = 10;

const MEASURE_EVERY_MS = 15_000;

/** How many pages of the feed are read for one webhook before its deliveries start. */
const PAGES_AT_ONCE = 20;

/** How long attempts may continue when the service stops. */
const STOP_MS = 1500;

const PENDING = new Gauge({
  name: 'webhook_deliveries_pending',
  help: 'Deliveries to enabled webhooks that are due or wait for their next attempt',
});

const OLDEST = new Gauge({
  name: 'webhook_oldest_pending_seconds',
  help: 'Age of the oldest delivery that is pending for an enabled webhook',
});

/** Delivers events to webhooks. Any number of instances share the work: the database says who does what. */
@Injectable()
export class WebhookDispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(WebhookDispatcher.name);
  private readonly slots: DeliverySlots;
  private readonly maxReaders: number;
  private readonly stop = new AbortController();
  private readonly running = new Map<string, Promise<void>>();
  private isStopping = false;
  private readers = 0;
  private timer?: NodeJS.Timeout;
  private searching?: Promise<void>;
  private measuredAt = 0;
  private hasCheckedSecrets = false;
  private lastFailure: unknown;

  constructor(
    private readonly config: Config,
    private readonly webhooks: WebhooksRepository,
    private readonly deliveries: DeliveriesRepository,
    private readonly fanOut: FanOut,
    private readonly attempts: DeliveryAttempt,
    private readonly secrets: WebhookSecrets,
  ) {
    this.slots = new DeliverySlots(config.webhookWorkers);
    this.maxReaders = Math.ceil(config.databasePoolSize / 5);
  }

  onApplicationBootstrap(): void {
    if (this.config.webhookWorkers > 0 && this.config.databaseUrl) this.searchAfter(0);
  }

  /** Lets attempts end, for a moment. Those that do not are repeated after the next start, or by another instance. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    const timeout = setTimeout(() => this.stop.abort(), STOP_MS);
    await this.searching;
    await Promise.all(this.running.values());
    clearTimeout(timeout);
  }

  private searchAfter(pauseMs: number): void {
    if (this.isStopping) return;
    this.timer = setTimeout(() => {
      const startedAt = performance.now();
      this.searching = this.search()
        .catch((error) => this.report(error))
        .finally(() => this.searchAfter(Math.max(PAUSE_MS, PAUSE_FACTOR * (performance.now() - startedAt))));
    }, pauseMs);
  }

  private async search(): Promise<void> {
    if (!this.hasCheckedSecrets) await this.checkSecrets();
    for (const work of await this.webhooks.findWork()) this.start(work);
    if (Date.now() - this.measuredAt > MEASURE_EVERY_MS) await this.measure();
    this.lastFailure = undefined;
  }

  /** The service works without them, and those that can be decrypted are sent: so this is no reason to stop. */
  private async checkSecrets(): Promise<void> {
    const all = await this.webhooks.listSecrets();
    this.hasCheckedSecrets = true;
    const lost = all.filter(({ id, secret }) => !this.secrets.canDecrypt(id, secret)).length;
    if (lost === 0) return;
    this.log.error(
      `WEBHOOK_SECRET_KEY can't decrypt the secrets of ${lost} of ${all.length} enabled webhooks, which are sent nothing: ` +
        'set the key that they were encrypted with, or have these secrets rotated',
    );
  }

  /** One run at a time for each webhook. The next search finds what came meanwhile. */
  private start(work: WebhookWork): void {
    if (this.running.has(work.id)) return;
    const run = this.process(work)
      .catch((error) => this.report(error))
      .finally(() => this.running.delete(work.id));
    this.running.set(work.id, run);
  }

  private async process({ seller_id, id, has_events }: WebhookWork): Promise<void> {
    if (has_events && this.readers < this.maxReaders) await this.readFeed(seller_id, id);
    while (!this.isStopping && (await this.deliverSome(seller_id, id)));
  }

  private async readFeed(sellerId: string, id: string): Promise<void> {
    this.readers++;
    try {
      for (let page = 0; page < PAGES_AT_ONCE && !this.isStopping; page++) {
        if (!(await this.fanOut.run(sellerId, id))) return;
      }
    } finally {
      this.readers--;
    }
  }

  /** @returns whether there may be more to deliver. */
  private async deliverSome(sellerId: string, id: string): Promise<boolean> {
    const slots = this.slots.take(sellerId, id);
    try {
      if (slots.length === 0) return false;
      const webhook = await this.webhooks.load(sellerId, id);
      if (webhook?.status !== 'enabled') return false;
      const due = await this.deliveries.reserveDue(sellerId, id, slots.length);
      for (const slot of slots.splice(due.length)) this.slots.giveBack(slot);
      await Promise.all(due.map((delivery, index) => this.deliver(webhook, delivery, slots[index] as Slot)));
      return due.length > 0;
    } finally {
      for (const slot of slots) this.slots.giveBack(slot);
    }
  }

  /** An error here is one of the database. The delivery is tried again when its reservation ends. */
  private async deliver(webhook: Webhook, delivery: WebhookDelivery, slot: Slot): Promise<void> {
    try {
      const attempt = await this.attempts.make(webhook, delivery, this.stop.signal);
      if (attempt) this.slots.note(webhook.id, isSuccess(attempt), attempt.duration_ms);
    } catch (error) {
      this.report(error);
    } finally {
      this.slots.giveBack(slot);
    }
  }

  private async measure(): Promise<void> {
    this.measuredAt = Date.now();
    const { pending, oldest_seconds } = await this.deliveries.measure();
    PENDING.set(pending);
    OLDEST.set(oldest_seconds);
  }

  /** Logs each kind of failure once. */
  private report(error: unknown): void {
    const kind = String((error as { code?: unknown }).code ?? error);
    if (kind === this.lastFailure) return;
    this.lastFailure = kind;
    this.log.warn(`Webhooks are not delivered: ${kind}`);
  }
}
