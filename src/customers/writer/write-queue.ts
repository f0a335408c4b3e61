import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config';
import { OverloadedError } from '../../database/unavailable';
import type { UpdateCustomerDto } from '../dto/update-customer.dto';
import type { Job, JobResult } from './change';
import { ClaimsInProgress } from './claims-in-progress';
import { ALONE, CustomerWriter } from './customer-writer';
import { LIST_SIZE, showQueueLength, WRITES_ALONE } from './queue-metrics';
import { rowKey } from '../rows';

/** The most changes that are written together. */
const MAX_LIST = 64;

/** The most lists that are written at the same time: one is read while the other is on its way to the disk. */
const MAX_LISTS = 2;

/** The most jobs that are carried out alone at the same time, each of which keeps a connection. */
const MAX_ALONE = 4;

interface Entry {
  job: Job;
  /** What no two jobs that are under way may have in common, and what keeps its jobs in their order: customers, mostly. */
  keys: string[];
  isAlone: boolean;
  arrivedAt: number;
  resolve(result: JobResult): void;
  reject(error: unknown): void;
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
  private readonly maxAlone: number;
  private aloneUnderWay = 0;
  private listsUnderWay = 0;
  private isWoken = false;

  constructor(
    private readonly writer: CustomerWriter,
    private readonly config: Config,
  ) {
    showQueueLength(() => this.waiting.length);
    // The others are for lists, and for reading.
    this.maxAlone = Math.max(1, Math.min(MAX_ALONE, Math.floor(config.databasePoolSize / 2) - 1));
  }

  /**
   * @throws OverloadedError when too much waits already, or a job has waited for too long.
   * @throws DatabaseError when the database fails, or others hold what the job needs for too long.
   */
  submit(job: Job): Promise<JobResult> {
    return this.claims.guard(job, () => this.enqueue(job));
  }

  private async enqueue(job: Job): Promise<JobResult> {
    if (this.waiting.length >= this.config.maxQueue) throw new OverloadedError();
    return new Promise((resolve, reject) => {
      const isAlone = hasToGoAlone(job);
      this.waiting.push({ job, isAlone, keys: keysOf(job, isAlone), arrivedAt: Date.now(), resolve, reject });
      if (isAlone || this.listsUnderWay < MAX_LISTS) this.wake();
    });
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
    const blocked = new Set(this.busy);
    const list: Entry[] = [];
    const listed = new Set<string>();
    const passedOver: Entry[] = [];
    for (const [index, entry] of this.waiting.entries()) {
      if (!this.hasRoomAlone && !this.hasRoomIn(list)) {
        passedOver.push(...this.waiting.slice(index));
        break;
      }
      const { keys, isAlone } = entry;
      if (this.isOver(entry)) entry.reject(new OverloadedError());
      else if (keys.some((key) => blocked.has(key) || (isAlone && listed.has(key)))) pass(entry);
      else if (isAlone && this.hasRoomAlone) void this.runAlone(entry);
      else if (!isAlone && this.hasRoomIn(list)) take(entry);
      else pass(entry);
    }
    this.waiting = passedOver;
    if (list.length > 0) void this.runList(list, listed);

    function take(entry: Entry): void {
      list.push(entry);
      for (const key of entry.keys) listed.add(key);
    }

    function pass(entry: Entry): void {
      passedOver.push(entry);
      for (const key of entry.keys) blocked.add(key);
    }
  }

  private hasRoomIn(list: Entry[]): boolean {
    return this.listsUnderWay < MAX_LISTS && list.length < MAX_LIST;
  }

  private get hasRoomAlone(): boolean {
    return this.aloneUnderWay < this.maxAlone;
  }

  /** Whether nobody waits for the answer any more, or soon nobody will. */
  private isOver({ job, isAlone, arrivedAt }: Entry): boolean {
    const { databaseLockTimeoutMs, databaseStatementTimeoutMs } = this.config;
    const limit = isAlone ? databaseLockTimeoutMs : databaseStatementTimeoutMs;
    return Date.now() - arrivedAt >= limit || job.isAbandoned?.() === true;
  }

  private async runList(list: Entry[], keys: ReadonlySet<string>): Promise<void> {
    this.listsUnderWay++;
    LIST_SIZE.observe(list.length);
    for (const key of keys) this.busy.add(key);
    try {
      const results = await this.writer.writeTogether(list.map(({ job }) => job));
      const again = list.filter((entry, index) => {
        const result = results[index] as JobResult | typeof ALONE;
        if (result !== ALONE) entry.resolve(result);
        return result === ALONE;
      });
      this.waiting.unshift(...again.map((entry) => ({ ...entry, isAlone: true, keys: keysOf(entry.job, true) })));
    } catch (error) {
      for (const { reject } of list) reject(error);
    } finally {
      this.listsUnderWay--;
      for (const key of keys) this.busy.delete(key);
      this.start();
    }
  }

  private async runAlone({ job, keys, arrivedAt, resolve, reject }: Entry): Promise<void> {
    this.aloneUnderWay++;
    WRITES_ALONE.inc();
    for (const key of keys) this.busy.add(key);
    try {
      const patienceMs = this.config.databaseLockTimeoutMs - (Date.now() - arrivedAt);
      resolve(await this.writer.writeAlone(job, patienceMs));
    } catch (error) {
      reject(error);
    } finally {
      this.aloneUnderWay--;
      for (const key of keys) this.busy.delete(key);
      this.start();
    }
  }
}

/**
 * Several changes have to take effect together, reverts read what may not change meanwhile, and who ends sessions has to
 * hold the customer before it looks for them. What is undone at the end must not hold up others.
 */
function hasToGoAlone({ changes, isBulk, dryRun }: Job): boolean {
  const [change] = changes;
  if (isBulk || dryRun || !change) return true;
  return change.type === 'patch' ? endsSessions(change.patch) : change.type !== 'create';
}

function endsSessions({ status }: UpdateCustomerDto): boolean {
  return status !== undefined && status !== 'active';
}

/** Creations are alone when the seller has a limit, and follow one another, or when something else is in their way. */
function keysOf({ sellerId, changes }: Job, isAlone: boolean): string[] {
  return changes.flatMap((change) => {
    if (change.type === 'create') return isAlone ? [sellerId] : [];
    return change.type === 'refuse' ? [] : [rowKey(sellerId, change.id)];
  });
}
