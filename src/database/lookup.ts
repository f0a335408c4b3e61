import { type Context, context } from '@opentelemetry/api';
import DataLoader from 'dataloader';
import { Gauge } from 'prom-client';
import { inTraceOf } from './shared-trace';
import { OverloadedError } from './unavailable';

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
  /** Past so many keys that wait, a further one is refused. */
  maxQueue: number;
}

interface Wanted<Key> {
  key: Key;
  trace: Context;
}

/**
 * Looks many keys up with one statement: those that arrive while a statement is under way go into the next. Without a
 * timer, so that a lone key never waits; and without a cache, so that every answer is as new as its statement.
 */
export class Lookup<Key, Found> {
  private readonly loader: DataLoader<Wanted<Key>, Found | undefined, symbol>;
  private readonly waiting: (() => void)[] = [];
  private isUnderWay = false;
  private size = 0;

  /** `find` returns what it finds in the order of the keys, with `undefined` for the unknown ones. */
  constructor(
    private readonly find: (keys: readonly Key[]) => Promise<(Found | undefined)[]>,
    private readonly options: LookupOptions,
  ) {
    this.loader = new DataLoader((wanted) => this.run(wanted), {
      cache: false,
      maxBatchSize: MAX_BATCH,
      batchScheduleFn: (dispatch) => this.schedule(dispatch),
    });
  }

  /** @throws OverloadedError when too many wait already, and what `find` throws. */
  async get(key: Key): Promise<Found | undefined> {
    if (this.size >= this.options.maxQueue) throw new OverloadedError();
    this.size++;
    waiting++;
    try {
      return await this.loader.load({ key, trace: context.active() });
    } finally {
      this.size--;
      waiting--;
    }
  }

  private schedule(dispatch: () => void): void {
    this.waiting.push(dispatch);
    // After what the event loop has at hand, which may be more keys.
    if (!this.isUnderWay) setImmediate(() => this.next());
  }

  private next(): void {
    if (!this.isUnderWay) this.waiting.shift()?.();
  }

  private async run(wanted: readonly Wanted<Key>[]): Promise<(Found | undefined)[]> {
    this.isUnderWay = true;
    try {
      const keys = wanted.map(({ key }) => key);
      return await inTraceOf(wanted, () => this.find(keys));
    } finally {
      this.isUnderWay = false;
      this.next();
    }
  }
}
