import { type Context, context } from '@opentelemetry/api';
import { Gauge } from 'prom-client';
import { FairQueue } from './fair/fair-queue';
import { refusal } from './fair/refusals';
import { inTraceOf } from './shared-trace';

/** As many as wait when the way to the database is long: each statement costs them a trip. */
const MAX_BATCH = 512;

let waiting = 0;

new Gauge({
  name: 'lookup_queue_length',
  help: 'Keys and customers that are being looked up, or wait for it',
  collect(): void {
    this.set(waiting);
  },
});

export interface LookupOptions {
  /** Past so many keys that wait, one is refused. */
  maxQueue: number;
}

interface Wanted<Key, Found> {
  key: Key;
  trace: Context;
  resolve(found: Found | undefined): void;
  reject(error: unknown): void;
}

/**
 * Looks many keys up with one statement: those that arrive while a statement is under way go into the next. Without a
 * timer, so that a lone key never waits; and without a cache, so that every answer is as new as its statement. Sellers
 * share the places to wait, and the statements.
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

  /** @throws OverloadedError when the key finds no place to wait, or loses it to another seller, and what `find` throws. */
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

  /** After what the event loop has at hand, which may be more keys. */
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
