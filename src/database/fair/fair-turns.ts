import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config';
import { type OverloadedError, WAITING_PER_CONNECTION } from '../errors';
import { FairQueue } from './fair-queue';
import { FairSlots } from './fair-slots';
import { refusal } from './refusals';

export interface FairTurnsOptions {
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
   * @param isAbandoned asked at the turn of the work: whether nobody waits for it any more.
   * @throws OverloadedError when the work finds no place to wait, or loses it to another seller, or is abandoned.
   */
  async run<T>(seller: string, work: () => Promise<T>, isAbandoned?: () => boolean): Promise<T> {
    if (this.slots.isFree(seller)) this.slots.take(seller);
    else await this.wait(seller);
    try {
      if (isAbandoned?.()) throw refusal('turn', 'late');
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
 * Turns for requests that need a connection of their own and use no queue: those for API keys and sessions. They get only a
 * part of the connections, because some of them wait for locks, and the queues need the rest.
 */
@Injectable()
export class SellerTurns extends FairTurns {
  constructor({ databasePoolSize }: Config) {
    super({ concurrent: Math.ceil(databasePoolSize / 4), maxWaiting: databasePoolSize * WAITING_PER_CONNECTION });
  }
}
