import { context, type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { Gauge } from 'prom-client';
import { FairQueue } from './fair/fair-queue';
import { refusal } from './fair/fair-turns';

/** Large enough for most bursts: what does not fit waits for another round trip to the database. */
const MAX_BATCH = 512;

let waiting = 0;

new Gauge({
  name: 'lookup_queue_length',
  help: 'Keys and customers that are being looked up, or wait for it',
  collect(): void {
    this.set(waiting);
  },
});

interface LookupOptions {
  /** How many keys may wait; one more, and one of them is refused. */
  maxQueue: number;
}

interface Wanted<Key, Found> {
  key: Key;
  trace: Context;
  resolve(found: Found | undefined): void;
  reject(error: unknown): void;
}

/**
 * Looks up many keys with one statement: keys that arrive while a statement is under way go into the next one. There is no
 * timer, so that a single key never waits; and no cache, so that every answer is as new as its statement. Sellers share the
 * queue and the statements fairly.
 */
export class Lookup<Key, Found> {
  private readonly queue: FairQueue<Wanted<Key, Found>>;
  private isUnderWay = false;
  private isWoken = false;

  /** `find` returns what it finds in the order of the keys, with `undefined` for the unknown ones. */
  constructor(
    private readonly find: (keys: readonly Key[]) => Promise<(Found | undefined)[]>,
    { maxQueue }: LookupOptions,
  ) {
    this.queue = new FairQueue(maxQueue);
  }

  /** @throws OverloadedError when the queue is full, or another seller gets the key's place in it; and what `find` throws. */
  async get(seller: string, key: Key): Promise<Found | undefined> {
    waiting++;
    try {
      return await new Promise((resolve, reject) => {
        const wanted = { key, trace: context.active(), resolve, reject };
        const refused = this.queue.add(seller, wanted);
        refused?.reject(refusal('lookup', refused === wanted ? 'full' : 'displaced'));
        this.wake();
      });
    } finally {
      waiting--;
    }
  }

  /** Starts after the pending callbacks of the event loop, which may bring more keys. */
  private wake(): void {
    if (this.isUnderWay || this.isWoken) return;
    this.isWoken = true;
    setImmediate(() => {
      this.isWoken = false;
      void this.next();
    });
  }

  private async next(): Promise<void> {
    if (this.isUnderWay || this.queue.length === 0) return;
    this.isUnderWay = true;
    const batch = this.takeBatch();
    try {
      const found = await inTraceOf(batch, () => this.find(batch.map(({ key }) => key)));
      for (const [index, { resolve }] of batch.entries()) resolve(found[index]);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.isUnderWay = false;
      void this.next();
    }
  }

  private takeBatch(): Wanted<Key, Found>[] {
    const batch: Wanted<Key, Found>[] = [];
    this.queue.walk((wanted) => {
      if (batch.length === MAX_BATCH) return 'stop';
      batch.push(wanted);
      return 'take';
    });
    return batch;
  }
}

/**
 * Runs work that serves several requests. Its spans belong to the first of them that is traced, and the spans of the others
 * link to it. The request in whose context the work happens to start does not matter.
 */
export function inTraceOf<T>(requests: readonly { trace: Context }[], work: () => T): T {
  const traces = requests.map((request) => request.trace);
  const [first = ROOT_CONTEXT, ...others] = traces.filter((each) => trace.getSpan(each)?.isRecording());
  const target = trace.getSpanContext(first);
  if (target) for (const other of others) trace.getSpan(other)?.addLink({ context: target });
  return context.with(first, work);
}
