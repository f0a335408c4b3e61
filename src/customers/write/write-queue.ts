import { Injectable } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import { Counter, Gauge, Histogram } from 'prom-client';
import { Config } from '../../config/config';
import { FairQueue } from '../../database/fair/fair-queue';
import { FairSlots, refusal, SellerTurns } from '../../database/fair/fair-turns';
import { inTraceOf } from '../../database/lookup';
import { isLockTimeout } from '../../database/errors';
import { type BatchResult, CustomerWriter, RUN_SEPARATELY } from './customer-writer';
import { idempotencyKey } from './idempotency.repository';
import { type BatchType, type QueuedRequest, schedule, toQueueEntry, toSeparateEntry } from './schedule';
import { failedRequest, failure, type WriteRequest, type WriteResult } from './write-request';

/** How long a request waits for others' locks before it counts as blocked by them. */
const FIRST_LOCK_TIMEOUT_MS = 100;

/** The most requests with a transaction of their own at the same time, each of which keeps a connection. */
const MAX_SEPARATE = 4;

/** Two plain batches overlap: one is read while the other commits. Two email batches could wait for each other. */
const MAX_BATCHES: Record<BatchType, number> = { plain: 2, email: 1 };

const BATCH_SIZE = new Histogram({
  name: 'write_list_size',
  help: 'Changes that were written together, with one commit',
  buckets: [1, 2, 4, 8, 16, 32, 64],
});

const SEPARATE_WRITES = new Counter({
  name: 'writes_alone_total',
  help: 'Changes that were written in a transaction of their own',
});

let queueLength = (): number => 0;

new Gauge({
  name: 'write_queue_length',
  help: 'Changes that wait to be written',
  collect(): void {
    this.set(queueLength());
  },
});

/**
 * Decides when requests are written. Those that arrive while a batch is being written go together into the next one: a
 * lone request does not wait for a timer, and many share one commit. Requests of one customer keep their order of arrival.
 * A request that meets others' locks goes on in a transaction of its own, and delays only those of the same customer.
 * Sellers share the places in the queue, the batches and the slots of what runs separately.
 */
@Injectable()
export class WriteQueue {
  private readonly waiting: FairQueue<QueuedRequest>;
  /** The fingerprints of requests with an Idempotency-Key that are in progress on this instance, by `idempotencyKey`. */
  private readonly inProgress = new Map<string, Buffer>();
  private readonly busyKeys = new Set<string>();
  private readonly batchesUnderWay: Record<BatchType, number> = { plain: 0, email: 0 };
  private readonly separateSlots: FairSlots;
  private readonly lockBlockedSlots: FairSlots;
  private isWoken = false;

  constructor(
    private readonly writer: CustomerWriter,
    private readonly turns: SellerTurns,
    private readonly config: Config,
  ) {
    this.waiting = new FairQueue(config.maxQueue);
    queueLength = () => this.waiting.length;
    // The other connections are for batches, and for reading.
    const maxSeparate = Math.max(1, Math.min(MAX_SEPARATE, Math.floor(config.databasePoolSize / 2) - 1));
    this.separateSlots = new FairSlots(maxSeparate);
    // Half of the slots are for requests that have met no lock yet.
    this.lockBlockedSlots = new FairSlots(Math.max(1, Math.floor(maxSeparate / 2)));
  }

  /**
   * Keeps a request from being carried out while the same one is in progress on this instance. On two instances both go
   * ahead, and the database lets only one of them commit; the other then finds its record.
   * @throws OverloadedError when too much waits already, or the request has waited for too long.
   * @throws DatabaseError when the database fails, or others hold what the request needs for too long.
   */
  async submit(request: WriteRequest): Promise<WriteResult> {
    const { sellerId, idempotency, dryRun } = request;
    if (!idempotency || dryRun) return this.enqueue(request);
    const key = idempotencyKey(sellerId, idempotency);
    const other = this.inProgress.get(key);
    if (other) {
      // The request in progress may itself be a retry of one that is done.
      const replay = await this.turns.run(sellerId, () => this.writer.loadReplay(request));
      return replay ?? failedRequest(failure(other.equals(idempotency.fingerprint) ? 'in_progress' : 'key_reused'));
    }
    this.inProgress.set(key, idempotency.fingerprint);
    try {
      return await this.enqueue(request);
    } finally {
      this.inProgress.delete(key);
    }
  }

  private enqueue(request: WriteRequest): Promise<WriteResult> {
    return new Promise((resolve, reject) => {
      const entry = toQueueEntry(request, { arrivedAt: performance.now(), trace: context.active(), resolve, reject });
      const refused = this.waiting.add(request.sellerId, entry);
      refused?.reject(refusal('write', refused === entry ? 'full' : 'displaced'));
      if (entry.runsSeparately ? this.hasSlot(entry) : this.canStartBatch(entry.batchType)) this.wake();
    });
  }

  /** After what the event loop has at hand, which may be more requests. */
  private wake(): void {
    if (this.isWoken) return;
    this.isWoken = true;
    setImmediate(() => {
      this.isWoken = false;
      this.startNext();
    });
  }

  private startNext(): void {
    const { batches, separate, expired } = schedule(this.waiting, {
      busyKeys: this.busyKeys,
      canStartBatch: { plain: this.canStartBatch('plain'), email: this.canStartBatch('email') },
      takeSlot: (entry) => this.takeSlot(entry),
      isExpired: (entry) => this.isExpired(entry),
    });
    for (const { reject } of expired) reject(refusal('write', 'late'));
    for (const entry of separate) void this.runSeparately(entry);
    for (const type of ['plain', 'email'] as const) {
      if (batches[type].length > 0) void this.runBatch(type, batches[type]);
    }
  }

  private canStartBatch(type: BatchType): boolean {
    return this.batchesUnderWay[type] < MAX_BATCHES[type];
  }

  private hasSlot({ isLockBlocked, request: { sellerId } }: QueuedRequest): boolean {
    return this.separateSlots.isFree(sellerId) && (!isLockBlocked || this.lockBlockedSlots.isFree(sellerId));
  }

  private takeSlot(entry: QueuedRequest): boolean {
    if (!this.hasSlot(entry)) return false;
    this.separateSlots.take(entry.request.sellerId);
    if (entry.isLockBlocked) this.lockBlockedSlots.take(entry.request.sellerId);
    return true;
  }

  private releaseSlot({ isLockBlocked, request: { sellerId } }: QueuedRequest): void {
    this.separateSlots.release(sellerId);
    if (isLockBlocked) this.lockBlockedSlots.release(sellerId);
  }

  private isExpired({ request, runsSeparately, arrivedAt }: QueuedRequest): boolean {
    const { databaseLockTimeoutMs, databaseStatementTimeoutMs } = this.config;
    const limit = runsSeparately ? databaseLockTimeoutMs : databaseStatementTimeoutMs;
    return performance.now() - arrivedAt >= limit || request.isTooLate?.() === true;
  }

  private async runBatch(type: BatchType, entries: QueuedRequest[]): Promise<void> {
    const keys = new Set(entries.flatMap((entry) => entry.keys));
    this.batchesUnderWay[type]++;
    BATCH_SIZE.observe(entries.length);
    for (const key of keys) this.busyKeys.add(key);
    try {
      const results = await inTraceOf(entries, () => this.writer.writeBatch(entries.map(({ request }) => request)));
      const unfinished = entries.filter((entry, index) => !resolveIfDone(entry, results[index] as BatchResult));
      // A plain batch leaves out rows that others hold or have changed, and does not tell which: both count as blocked by a
      // lock. One that sets emails does not know which of its requests waits.
      const isLockBlocked = type === 'plain';
      // Each goes to the front: the last one first, so that they keep their order.
      for (const entry of unfinished.toReversed()) this.putBack(toSeparateEntry(entry, isLockBlocked));
    } catch (error) {
      for (const { reject } of entries) reject(error);
    } finally {
      this.batchesUnderWay[type]--;
      for (const key of keys) this.busyKeys.delete(key);
      this.startNext();
    }
  }

  /** Waits only briefly for locks at first. A request that meets one runs a second time, and then waits for its full time. */
  private async runSeparately(entry: QueuedRequest): Promise<void> {
    const { request, keys, isLockBlocked, arrivedAt, resolve, reject } = entry;
    SEPARATE_WRITES.inc();
    for (const key of keys) this.busyKeys.add(key);
    try {
      const leftMs = this.config.databaseLockTimeoutMs - (performance.now() - arrivedAt);
      const lockTimeoutMs = isLockBlocked ? leftMs : Math.min(leftMs, FIRST_LOCK_TIMEOUT_MS);
      resolve(await inTraceOf([entry], () => this.writer.writeSeparately(request, lockTimeoutMs)));
    } catch (error) {
      if (isLockBlocked || !isLockTimeout(error)) reject(error);
      else this.putBack({ ...entry, isLockBlocked: true });
    } finally {
      this.releaseSlot(entry);
      for (const key of keys) this.busyKeys.delete(key);
      this.startNext();
    }
  }

  private putBack(entry: QueuedRequest): void {
    this.waiting.putBack(entry.request.sellerId, entry);
  }
}

function resolveIfDone({ resolve }: QueuedRequest, result: BatchResult): boolean {
  if (result === RUN_SEPARATELY) return false;
  resolve(result);
  return true;
}
