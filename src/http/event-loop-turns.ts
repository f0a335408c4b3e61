import { Injectable } from '@nestjs/common';
import { FairQueue } from '../database/fair/fair-queue';

/** How much work goes on without a pause: some milliseconds of it. */
const WORK_AT_ONCE = 16;

/** Reading, parsing and checking so many bytes is about as much work as the rest of a request. */
const BYTES_PER_WORK = 4096;

interface Waiting {
  work: number;
  start(): void;
}

/**
 * Lets requests continue in turns, seller by seller. Hundreds of requests can become ready at once, for example when their
 * keys were looked up together. Without turns, they would block the event loop, and everybody else, until the last is done.
 */
@Injectable()
export class EventLoopTurns {
  private readonly waiting = new FairQueue<Waiting>(Infinity);
  private left = WORK_AT_ONCE;
  private isScheduled = false;

  /**
   * Resolves at the turn of a request; at once while there is little to do.
   * @param bytes how much of a body is about to be parsed.
   */
  async wait(sellerId: string, bytes = 0): Promise<void> {
    const work = 1 + bytes / BYTES_PER_WORK;
    const isFree = this.left > 0 && this.waiting.length === 0;
    if (isFree) this.left -= work;
    this.schedule();
    if (!isFree) await new Promise<void>((start) => this.waiting.add(sellerId, { work, start }));
  }

  /** Between two rounds the event loop has its own turn: it reads what has arrived meanwhile. */
  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.startSome();
    });
  }

  private startSome(): void {
    this.left = WORK_AT_ONCE;
    this.waiting.walk(({ work, start }) => {
      if (this.left <= 0) return 'stop';
      this.left -= work;
      start();
      return 'take';
    });
    if (this.waiting.length > 0) this.schedule();
  }
}
