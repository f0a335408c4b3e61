import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '../../config/config';
import { Statements } from '../../database/statements';
import type { Webhook } from '../webhook.entity';
import type { WebhookDelivery } from '../webhook-delivery.entity';
import { CLAIM, FIND_WORK, LOAD_WEBHOOK, MEASURE } from './delivery.statements';
import { DeliveryAttempt } from './delivery-attempt';
import { measurePending } from './delivery-metrics';
import { DeliverySlots, type Slot } from './delivery-slots';
import { FanOut } from './fan-out';
import { isSuccess } from './webhook-sender';

interface Work {
  seller_id: string;
  id: string;
  has_events: boolean;
  has_due: boolean;
}

/** How often to look for work; less often when looking takes long, lest it becomes a load of its own. */
const PAUSE_MS = 200;
const PAUSE_FACTOR = 10;

const MEASURE_EVERY_MS = 15_000;

/** How many pages of the feed are read for a webhook before others have their turn. */
const PAGES_AT_ONCE = 20;

/** How long attempts may still take when the service stops. */
const STOP_MS = 1500;

/** Delivers events to webhooks. Any number of instances share the work, by what they lock and claim in the database. */
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
  private looking?: Promise<void>;
  private measuredAt = 0;
  private lastFailure: unknown;

  constructor(
    private readonly config: Config,
    private readonly statements: Statements,
    private readonly fanOut: FanOut,
    private readonly attempts: DeliveryAttempt,
  ) {
    this.slots = new DeliverySlots(config.webhookWorkers);
    this.maxReaders = Math.ceil(config.databasePoolSize / 5);
  }

  onApplicationBootstrap(): void {
    if (this.config.webhookWorkers > 0 && this.config.databaseUrl) this.lookAfter(0);
  }

  /** Attempts that are under way may end; what is left of them is made again at the next start, or by another instance. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    const patience = setTimeout(() => this.stop.abort(), STOP_MS);
    await this.looking;
    await Promise.all(this.running.values());
    clearTimeout(patience);
  }

  private lookAfter(pauseMs: number): void {
    if (this.isStopping) return;
    this.timer = setTimeout(() => {
      const startedAt = performance.now();
      this.looking = this.look()
        .catch((error) => this.report(error))
        .finally(() => this.lookAfter(Math.max(PAUSE_MS, PAUSE_FACTOR * (performance.now() - startedAt))));
    }, pauseMs);
  }

  private async look(): Promise<void> {
    const found = await this.statements.run<Work & Record<string, unknown>>(FIND_WORK, []);
    for (const work of found) this.start(work);
    if (Date.now() - this.measuredAt > MEASURE_EVERY_MS) await this.measure();
    this.lastFailure = undefined;
  }

  /** One at a time for each webhook; it takes up what is new at the next look. */
  private start(work: Work): void {
    if (this.running.has(work.id)) return;
    const run = this.serve(work)
      .catch((error) => this.report(error))
      .finally(() => this.running.delete(work.id));
    this.running.set(work.id, run);
  }

  private async serve({ seller_id, id, has_events }: Work): Promise<void> {
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

  /** @returns whether to go on at once. */
  private async deliverSome(sellerId: string, id: string): Promise<boolean> {
    const slots = this.slots.take(id);
    try {
      if (slots.length === 0) return false;
      const [webhook] = await this.statements.run<Webhook>(LOAD_WEBHOOK, [sellerId, id]);
      if (webhook?.status !== 'enabled') return false;
      const due = await this.statements.run<WebhookDelivery>(CLAIM, [sellerId, id, slots.length]);
      for (const slot of slots.splice(due.length)) this.slots.giveBack(slot);
      await Promise.all(due.map((delivery, index) => this.deliver(webhook, delivery, slots[index] as Slot)));
      return due.length > 0;
    } finally {
      for (const slot of slots) this.slots.giveBack(slot);
    }
  }

  /** What fails here fails for the lack of a database, and is tried again when its claim is over. */
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
    const [row] = await this.statements.run<{ pending: number; oldest_seconds: number }>(MEASURE, []);
    measurePending(row?.pending ?? 0, row?.oldest_seconds ?? 0);
  }

  /** Once for each kind of failure. */
  private report(error: unknown): void {
    const kind = String((error as { code?: unknown }).code ?? error);
    if (kind === this.lastFailure) return;
    this.lastFailure = kind;
    this.log.warn(`Webhooks are not served: ${kind}`);
  }
}
