import { Injectable } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import { Config } from '../../config/config';
import { FairQueue } from '../../database/fair/fair-queue';
import { FairSlots } from '../../database/fair/fair-slots';
import { refusal } from '../../database/fair/refusals';
import { SellerTurns } from '../../database/fair/seller-turns';
import { inTraceOf } from '../../database/shared-trace';
import { isLockTimeout } from '../../database/errors';
import type { Job, JobResult } from './change';
import { ClaimsInProgress } from './claims-in-progress';
import { ALONE, CustomerWriter } from './customer-writer';
import { hasToGoAlone, keysOf, wantsEmail } from './job-kinds';
import { alone, type Entry, List } from './queue-entries';
import { LIST_SIZE, showQueueLength, WRITES_ALONE } from './queue-metrics';

/** The most changes that are written together. */
const MAX_LIST = 64;

/** How long a job waits for others' locks before it has to make do with the room for those who wait. */
const FIRST_PATIENCE_MS = 100;

/** The most jobs that are carried out alone at the same time, each of which keeps a connection. */
const MAX_ALONE = 4;

/**
 * Puts jobs in order: those that arrive while a list is being written go together into the next one, without a timer, so
 * that a lone job never waits and many share one commit. Jobs of one customer keep their order of arrival. A job that
 * meets others' locks goes on alone, and delays only those who want the same customer. Sellers share the places to wait, the
 * lists, and what goes on alone.
 */
@Injectable()
export class WriteQueue {
  private readonly waiting: FairQueue<Entry>;
  private readonly claims = new ClaimsInProgress();
  private readonly busy = new Set<string>();
  private readonly plain = new List(2);
  private readonly emails = new List(1);
  private readonly aloneUnderWay: FairSlots;
  private readonly heldUnderWay: FairSlots;
  private isWoken = false;

  constructor(
    private readonly writer: CustomerWriter,
    private readonly turns: SellerTurns,
    private readonly config: Config,
  ) {
    this.waiting = new FairQueue(config.maxQueue);
    showQueueLength(() => this.waiting.length);
    // The other connections are for lists, and for reading.
    const maxAlone = Math.max(1, Math.min(MAX_ALONE, Math.floor(config.databasePoolSize / 2) - 1));
    this.aloneUnderWay = new FairSlots(maxAlone);
    // Half of the room is for those who have met no lock yet.
    this.heldUnderWay = new FairSlots(Math.max(1, Math.floor(maxAlone / 2)));
  }

  /**
   * @throws OverloadedError when too much waits already, or a job has waited for too long.
   * @throws DatabaseError when the database fails, or others hold what the job needs for too long.
   */
  submit(job: Job): Promise<JobResult> {
    return this.claims.guard(job, {
      carryOut: () => this.enqueue(job),
      recall: () => this.turns.run(job.sellerId, () => this.writer.recall(job)),
    });
  }

  private enqueue(job: Job): Promise<JobResult> {
    return new Promise((resolve, reject) => {
      const isAlone = hasToGoAlone(job);
      const keys = keysOf(job, isAlone);
      const entry = { job, isAlone, keys, arrivedAt: performance.now(), trace: context.active(), resolve, reject };
      const refused = this.waiting.add(job.sellerId, entry);
      refused?.reject(refusal('write', refused === entry ? 'full' : 'displaced'));
      if (isAlone ? this.hasRoomAlone(entry) : this.listOf(job).isOpen) this.wake();
    });
  }

  private listOf(job: Job): List {
    return wantsEmail(job) ? this.emails : this.plain;
  }

  /** After what the event loop has at hand, which may be more jobs. */
  private wake(): void {
    if (this.isWoken) return;
    this.isWoken = true;
    setImmediate(() => {
      this.isWoken = false;
      this.start();
    });
  }

  /** Starts all that can be started. What is kept has its place, and keeps later jobs of its customers back. */
  private start(): void {
    const chosen = new Map<List, Entry[]>([this.plain, this.emails].map((list) => [list, []]));
    /** What is under way or kept, and by which list each customer is taken. */
    const taken = new Map<string, List | 'busy'>([...this.busy].map((key) => [key, 'busy']));
    this.waiting.walk((entry) => {
      const list = entry.isAlone ? 'busy' : this.listOf(entry.job);
      if (this.isOver(entry)) {
        entry.reject(refusal('write', 'late'));
        return 'take';
      }
      const isFree = entry.keys.every((key) => !taken.has(key) || (list !== 'busy' && taken.get(key) === list));
      const entries = list === 'busy' ? undefined : chosen.get(list);
      const canStart = entries ? (list as List).isOpen && entries.length < MAX_LIST : this.hasRoomAlone(entry);
      const starts = isFree && canStart;
      for (const key of entry.keys) taken.set(key, starts ? list : 'busy');
      if (!starts) return 'keep';
      if (entries) entries.push(entry);
      else void this.runAlone(entry);
      return 'take';
    });
    for (const [list, entries] of chosen) if (entries.length > 0) void this.runList(list, entries);
  }

  private hasRoomAlone({ isHeld, job: { sellerId } }: Entry): boolean {
    return this.aloneUnderWay.isFree(sellerId) && (!isHeld || this.heldUnderWay.isFree(sellerId));
  }

  /** Whether a job has waited for too long. */
  private isOver({ job, isAlone, arrivedAt }: Entry): boolean {
    const { databaseLockTimeoutMs, databaseStatementTimeoutMs } = this.config;
    const limit = isAlone ? databaseLockTimeoutMs : databaseStatementTimeoutMs;
    return performance.now() - arrivedAt >= limit || job.isTooLate?.() === true;
  }

  private async runList(list: List, entries: Entry[]): Promise<void> {
    const keys = new Set(entries.flatMap((entry) => entry.keys));
    list.underWay++;
    LIST_SIZE.observe(entries.length);
    for (const key of keys) this.busy.add(key);
    try {
      const results = await inTraceOf(entries, () => this.writer.writeTogether(entries.map(({ job }) => job)));
      const again = entries.filter((entry, index) => {
        const result = results[index] as JobResult | typeof ALONE;
        if (result !== ALONE) entry.resolve(result);
        return result === ALONE;
      });
      // A row that was left out is held. Of a list that came to nothing, one email may be, and nobody knows whose.
      const isHeld = list === this.plain;
      for (const entry of again.reverse()) this.putBack({ ...alone(entry), isHeld });
    } catch (error) {
      for (const { reject } of entries) reject(error);
    } finally {
      list.underWay--;
      for (const key of keys) this.busy.delete(key);
      this.start();
    }
  }

  /** Waits but a moment for others' locks, or goes on as one who is known to wait. */
  private async runAlone(entry: Entry): Promise<void> {
    const { job, keys, isHeld, arrivedAt, resolve, reject } = entry;
    this.aloneUnderWay.take(job.sellerId);
    if (isHeld) this.heldUnderWay.take(job.sellerId);
    WRITES_ALONE.inc();
    for (const key of keys) this.busy.add(key);
    try {
      const patienceMs = this.config.databaseLockTimeoutMs - (performance.now() - arrivedAt);
      const waitMs = isHeld ? patienceMs : Math.min(patienceMs, FIRST_PATIENCE_MS);
      resolve(await inTraceOf([entry], () => this.writer.writeAlone(job, waitMs)));
    } catch (error) {
      if (isHeld || !isLockTimeout(error)) reject(error);
      else this.putBack({ ...entry, isHeld: true });
    } finally {
      this.aloneUnderWay.release(job.sellerId);
      if (isHeld) this.heldUnderWay.release(job.sellerId);
      for (const key of keys) this.busy.delete(key);
      this.start();
    }
  }

  private putBack(entry: Entry): void {
    this.waiting.putBack(entry.job.sellerId, entry);
  }
}
