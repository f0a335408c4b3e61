import { setMaxListeners } from 'node:events';
import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { Config } from '../../config/config';
import { FairTurns } from '../../database/fair/fair-turns';
import { DeliveriesRepository } from '../deliveries.repository';
import type { Webhook, WebhookDelivery } from '../webhook.entity';
import { WebhookSecrets } from '../webhook-secrets';
import { WebhooksRepository, type WebhookWork } from '../webhooks.repository';
import { DeliveryAttempt } from './delivery-attempt';
import { DeliverySlots, resultOf, type Slot } from './delivery-slots';
import { FanOut } from './fan-out';

/** The pause between two searches for work. It grows with the time that a search takes, so that searches stay cheap. */
const PAUSE_MS = 200;
const PAUSE_FACTOR = 10;

const MEASURE_EVERY_MS = 15_000;

/** How long to wait for other slots to become free, so that several deliveries are reserved at once. */
const REFILL_MS = 5;

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
  private readonly readers: FairTurns;
  private readonly stop = new AbortController();
  private readonly running = new Set<Promise<void>>();
  /** The webhooks whose events are being read, by id. */
  private readonly reading = new Set<string>();
  /** Webhooks that may have due deliveries, by id, those first that have waited longest for slots. */
  private readonly due = new Map<string, WebhookWork>();
  private pauseMs = PAUSE_MS;
  private isStopping = false;
  private timer?: NodeJS.Timeout;
  private refilling?: NodeJS.Timeout;
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
    // One for each request that is under way; past ten, Node would warn of a leak.
    setMaxListeners(0, this.stop.signal);
    this.readers = new FairTurns({ concurrent: Math.ceil(config.databasePoolSize / 5), maxWaiting: Infinity });
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
    while (this.running.size > 0) await Promise.all(this.running);
    clearTimeout(timeout);
  }

  private searchAfter(pauseMs: number): void {
    if (this.isStopping) return;
    this.timer = setTimeout(() => {
      this.searching = this.search()
        .catch((error) => this.report(error))
        .finally(() => this.searchAfter(this.pauseMs));
    }, pauseMs);
  }

  private async search(): Promise<void> {
    if (!this.hasCheckedSecrets) await this.checkSecrets();
    for (const work of await this.findWork()) {
      if (work.has_events) this.run(this.readFeed(work));
      if (work.has_due) this.due.set(work.id, work);
    }
    this.fillSlots();
    if (Date.now() - this.measuredAt > MEASURE_EVERY_MS) this.run(this.measure());
    this.lastFailure = undefined;
  }

  private async findWork(): Promise<WebhookWork[]> {
    const startedAt = performance.now();
    try {
      return await this.webhooks.findWork();
    } finally {
      this.pauseMs = Math.max(PAUSE_MS, PAUSE_FACTOR * (performance.now() - startedAt));
    }
  }

  /** The service works without them, and those that can be decrypted are sent: so the service does not stop. */
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

  /** Keeps it until it has ended, so that a stop can wait for it. */
  private run(work: Promise<void>): void {
    const run = work.catch((error) => this.report(error)).finally(() => this.running.delete(run));
    this.running.add(run);
  }

  /** Other webhooks get their turns between the pages, and the first deliveries do not wait for the last page. */
  private async readFeed(work: WebhookWork): Promise<void> {
    if (this.reading.has(work.id)) return;
    this.reading.add(work.id);
    try {
      for (let hasMore = true; hasMore && !this.isStopping;) {
        hasMore = await this.readers.run(
          work.seller_id,
          async () => !this.isStopping && this.fanOut.run(work.seller_id, work.id),
        );
        this.due.set(work.id, work);
        this.fillSlots();
      }
    } finally {
      this.reading.delete(work.id);
    }
  }

  private fillSlots(): void {
    if (this.isStopping) return;
    for (const work of this.due.values()) {
      const slots = this.slots.take(work.seller_id, work.id, work.last_result);
      if (slots.length === 0) continue;
      this.due.delete(work.id);
      this.run(this.deliverSome(work, slots));
    }
  }

  private async deliverSome(work: WebhookWork, slots: Slot[]): Promise<void> {
    const { seller_id, id } = work;
    try {
      const webhook = await this.webhooks.load(seller_id, id);
      if (webhook?.status !== 'enabled') return;
      const count = slots.length;
      const due = await this.deliveries.reserveDue(seller_id, id, count);
      // There may be more.
      if (due.length === count) {
        this.due.set(id, work);
        this.refill();
      }
      for (const delivery of due) this.run(this.deliver(webhook, delivery, slots.pop() as Slot));
    } finally {
      for (const slot of slots) this.giveBack(slot);
    }
  }

  /** An error here is one of the database. The delivery is tried again when its reservation ends. */
  private async deliver(webhook: Webhook, delivery: WebhookDelivery, slot: Slot): Promise<void> {
    try {
      const attempt = await this.attempts.make(webhook, delivery, this.stop.signal);
      if (attempt) this.slots.note(webhook.id, resultOf(attempt));
    } catch (error) {
      this.report(error);
    } finally {
      this.giveBack(slot);
    }
  }

  private giveBack(slot: Slot): void {
    this.slots.giveBack(slot);
    this.refill();
  }

  private refill(): void {
    this.refilling ??= setTimeout(() => {
      this.refilling = undefined;
      this.fillSlots();
    }, REFILL_MS);
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
