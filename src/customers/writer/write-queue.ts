import { Injectable } from '@nestjs/common';
import { type Context, context } from '@opentelemetry/api';
import { Config } from '../../config/config';
import { inTraceOf } from '../../database/shared-trace';
import { isLockTimeout, OverloadedError } from '../../database/unavailable';
import type { Job, JobResult } from './change';
import { ClaimsInProgress } from './claims-in-progress';
import { ALONE, CustomerWriter } from './customer-writer';
import { hasToGoAlone, keysOf, wantsEmail } from './job-kinds';
import { LIST_SIZE, showQueueLength, WRITES_ALONE } from './queue-metrics';

/** The most changes that are written together. */
const MAX_LIST = 64;

/** How long a job waits for others' locks before it has to make do with the room for those who wait. */
const FIRST_PATIENCE_MS = 100;

/** The most jobs that are carried out alone at the same time, each of which keeps a connection. */
const MAX_ALONE = 4;

interface Entry {
  job: Job;
  /** What no two jobs that are under way may have in common, and what keeps its jobs in their order: customers, mostly. */
  keys: string[];
  isAlone: boolean;
  /** It has met others' locks. */
  isHeld?: boolean;
  arrivedAt: number;
  trace: Context;
  resolve(result: JobResult): void;
  reject(error: unknown): void;
}

/**
 * Jobs that are written together. Those that want an email may have to wait for others who want the same, and have lists
 * of their own, to wait among themselves.
 */
class List {
  underWay = 0;

  /** With a maximum of two, one is read while the other is on its way to the disk. */
  constructor(private readonly maxUnderWay: number) {}

  get isOpen(): boolean {
    return this.underWay < this.maxUnderWay;
  }
}

/**
 * Puts jobs in order: those that arrive while a list is being written go together into the next one, without a timer, so
 * that a lone job never waits and many share one commit. Jobs of one customer keep their order of arrival. A job that
 * meets others' locks goes on alone, and delays only those who want the same customer.
 */
@Injectable()
export class WriteQueue {
  private waiting: Entry[] = [];
  private readonly claims = new ClaimsInProgress();
  private readonly busy = new Set<string>();
  private readonly plain = new List(2);
  private readonly emails = new List(1);
  private readonly maxAlone: number;
  private aloneUnderWay = 0;
  private heldUnderWay = 0;
  private isWoken = false;

  constructor(
    private readonly writer: CustomerWriter,
    private readonly config: Config,
  ) {
    showQueueLength(() => this.waiting.length);
    // The other connections are for lists, and for reading.
    this.maxAlone = Math.max(1, Math.min(MAX_ALONE, Math.floor(config.databasePoolSize / 2) - 1));
  }

  /**
   * @throws OverloadedError when too much waits already, or a job has waited for too long.
   * @throws DatabaseError when the database fails, or others hold what the job needs for too long.
   */
  submit(job: Job): Promise<JobResult> {
    return this.claims.guard(job, {
      carryOut: () => this.enqueue(job),
      recall: () => this.writer.recall(job),
    });
  }

  private async enqueue(job: Job): Promise<JobResult> {
    if (this.waiting.length >= this.config.maxQueue) throw new OverloadedError();
    return new Promise((resolve, reject) => {
      const isAlone = hasToGoAlone(job);
      const keys = keysOf(job, isAlone);
      this.waiting.push({ job, isAlone, keys, arrivedAt: performance.now(), trace: context.active(), resolve, reject });
      if (isAlone || this.listOf(job).isOpen) this.wake();
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

  /** Starts all that can be started. What is passed over keeps its place, and keeps later jobs of its customers back. */
  private start(): void {
    const passedOver: Entry[] = [];
    const chosen = new Map<List, Entry[]>([this.plain, this.emails].map((list) => [list, []]));
    /** What is under way or passed over, and by which list each customer is taken. */
    const taken = new Map<string, List | 'busy'>([...this.busy].map((key) => [key, 'busy']));
    for (const entry of this.waiting) {
      const list = entry.isAlone ? 'busy' : this.listOf(entry.job);
      if (this.isOver(entry)) {
        entry.reject(new OverloadedError());
        continue;
      }
      const isFree = entry.keys.every((key) => !taken.has(key) || (list !== 'busy' && taken.get(key) === list));
      const entries = list === 'busy' ? undefined : chosen.get(list);
      const canStart = entries ? (list as List).isOpen && entries.length < MAX_LIST : this.hasRoomAlone(entry);
      const starts = isFree && canStart;
      for (const key of entry.keys) taken.set(key, starts ? list : 'busy');
      if (!starts) passedOver.push(entry);
      else if (entries) entries.push(entry);
      else void this.runAlone(entry);
    }
    this.waiting = passedOver;
    for (const [list, entries] of chosen) if (entries.length > 0) void this.runList(list, entries);
  }

  /** Half of the room is for those who have met no lock yet. */
  private hasRoomAlone({ isHeld }: Entry): boolean {
    if (isHeld && this.heldUnderWay >= Math.max(1, this.maxAlone / 2)) return false;
    return this.aloneUnderWay < this.maxAlone;
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
      this.waiting.unshift(...again.map((entry) => ({ ...alone(entry), isHeld })));
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
    this.aloneUnderWay++;
    if (isHeld) this.heldUnderWay++;
    WRITES_ALONE.inc();
    for (const key of keys) this.busy.add(key);
    try {
      const patienceMs = this.config.databaseLockTimeoutMs - (performance.now() - arrivedAt);
      const waitMs = isHeld ? patienceMs : Math.min(patienceMs, FIRST_PATIENCE_MS);
      resolve(await inTraceOf([entry], () => this.writer.writeAlone(job, waitMs)));
    } catch (error) {
      if (isHeld || !isLockTimeout(error)) reject(error);
      else this.waiting.unshift({ ...entry, isHeld: true });
    } finally {
      this.aloneUnderWay--;
      if (isHeld) this.heldUnderWay--;
      for (const key of keys) this.busy.delete(key);
      this.start();
    }
  }
}

function alone(entry: Entry): Entry {
  return { ...entry, isAlone: true, keys: keysOf(entry.job, true) };
}
