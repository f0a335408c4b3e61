import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config';
import { OverloadedError, WAITING_PER_CONNECTION } from '../errors';
import { FairQueue } from './fair-queue';
import { Counter } from 'prom-client';

interface FairTurnsOptions {
  /** How much is done at the same time. */
  concurrent: number;
  /** How much may wait. */
  maxWaiting: number;
}

interface Waiting {
  seller: string;
  start(): void;
  refuse(error: OverloadedError): void;
}

/** Does work for sellers in turns: some at the same time, while the rest waits in a queue that they share. */
export class FairTurns {
  private readonly slots: FairSlots;
  private readonly waiting: FairQueue<Waiting>;

  constructor({ concurrent, maxWaiting }: FairTurnsOptions) {
    this.slots = new FairSlots(concurrent);
    this.waiting = new FairQueue(maxWaiting);
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  /**
   * @param isTooLate asked at the turn of the work: whether the client has left, or its time is nearly over.
   * @throws OverloadedError when the work finds no place to wait, or loses it to another seller, or begins too late.
   */
  async run<T>(seller: string, work: () => Promise<T>, isTooLate?: () => boolean): Promise<T> {
    if (this.slots.isFree(seller)) this.slots.take(seller);
    else await this.wait(seller);
    try {
      if (isTooLate?.()) throw refusal('turn', 'late');
      return await work();
    } finally {
      this.slots.release(seller);
      this.startNext();
    }
  }

  private wait(seller: string): Promise<void> {
    return new Promise((start, refuse) => {
      const entry = { seller, start, refuse };
      const refused = this.waiting.add(seller, entry);
      refused?.refuse(refusal('turn', refused === entry ? 'full' : 'displaced'));
    });
  }

  private startNext(): void {
    this.waiting.walk(({ seller, start }) => {
      if (this.slots.isFull) return 'stop';
      if (!this.slots.isFree(seller)) return 'keep';
      this.slots.take(seller);
      start();
      return 'take';
    });
  }
}

/**
 * Turns for requests that need a connection of their own and use no queue: those for API keys, portal sessions, webhooks and
 * events. They get only a part of the connections, because some of them wait for locks, and the queues need the rest.
 */
@Injectable()
export class SellerTurns extends FairTurns {
  constructor({ databasePoolSize }: Config) {
    super({ concurrent: Math.ceil(databasePoolSize / 4), maxWaiting: databasePoolSize * WAITING_PER_CONNECTION });
  }
}

/**
 * Limits how much is done at the same time. Only a seller without a slot gets the last free one, so that no seller can fill
 * all slots with slow work.
 */
export class FairSlots {
  private readonly used = new Map<string, number>();
  private total = 0;

  constructor(private readonly max: number) {}

  get isFull(): boolean {
    return this.total >= this.max;
  }

  /** Whether the seller may take a slot. */
  isFree(seller: string): boolean {
    const kept = this.used.has(seller) ? 1 : 0;
    return this.total + kept < this.max;
  }

  take(seller: string): void {
    this.used.set(seller, (this.used.get(seller) ?? 0) + 1);
    this.total++;
  }

  release(seller: string): void {
    const left = (this.used.get(seller) ?? 0) - 1;
    if (left > 0) this.used.set(seller, left);
    else this.used.delete(seller);
    this.total--;
  }
}

/** What waits: changes, keys and customers to be looked up, and other work with the database. */
type QueueName = 'write' | 'lookup' | 'turn';

/**
 * `full`: the queue was full, and no other seller held more places. `displaced`: a seller with fewer places got this one.
 * `late`: the request waited for too long, or its client has left.
 */
const REASONS = ['full', 'displaced', 'late'] as const;
type RefusalReason = (typeof REASONS)[number];

const REFUSED = new Counter({
  name: 'queue_refusals_total',
  help: 'Requests refused with 503 by a queue that was full, gave the place to another seller, or took too long',
  labelNames: ['queue', 'reason'],
});
for (const queue of ['write', 'lookup', 'turn']) for (const reason of REASONS) REFUSED.inc({ queue, reason }, 0);

/** Counts a refusal. */
export function refusal(queue: QueueName, reason: RefusalReason): OverloadedError {
  REFUSED.inc({ queue, reason });
  return new OverloadedError();
}
