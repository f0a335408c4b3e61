import { FairQueue } from '../database/fair/fair-queue';
import { refusal } from '../database/fair/fair-turns';

/** How much work goes on without a pause: some milliseconds of it. */
const WORK_AT_ONCE = 16;

/** Reading, parsing and checking so many bytes is about as much work as the rest of a request. */
const BYTES_PER_WORK = 4096;

/** How much work a request is whose body has so many bytes. */
export function workOf(bytes: number): number {
  return 1 + bytes / BYTES_PER_WORK;
}

interface Waiting {
  work: number;
  isAbandoned?: (() => boolean) | undefined;
  start(): void;
  refuse(error: Error): void;
}

/**
 * Lets work continue in turns, seller by seller. Hundreds of requests can become ready at once, for example when they arrive
 * together. Without turns, they would block the event loop, and all other requests, until the last is done.
 */
export class EventLoopTurns {
  private readonly waiting: FairQueue<Waiting>;
  private left: number;
  private isScheduled = false;
  private nextRound: number;

  /**
   * @param maxWaiting how much may wait.
   * @param atOnce how much work goes on without a pause.
   */
  constructor(
    maxWaiting: number,
    private readonly atOnce = WORK_AT_ONCE,
  ) {
    this.waiting = new FairQueue(maxWaiting);
    this.left = atOnce;
    this.nextRound = atOnce;
  }

  /** Makes the next round a short one, so that the event loop soon has its own turn. */
  shorten(work: number): void {
    this.nextRound = work;
  }

  /**
   * Resolves at the turn of the work; at once while there is little to do.
   * @param isAbandoned asked at the turn: whether nothing is to be done any more.
   * @throws OverloadedError when too much waits, and no other seller has more of it.
   */
  async wait(sellerId: string, work = 1, isAbandoned?: () => boolean): Promise<void> {
    const isFree = this.left > 0 && this.waiting.length === 0;
    if (isFree) this.left -= work;
    this.schedule();
    if (isFree) return;
    await new Promise<void>((start, refuse) => {
      const entry = { work, isAbandoned, start, refuse };
      const refused = this.waiting.add(sellerId, entry);
      refused?.refuse(refusal('turn', refused === entry ? 'full' : 'displaced'));
    });
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
    this.left = this.nextRound;
    this.nextRound = this.atOnce;
    this.waiting.walk(({ work, isAbandoned, start }) => {
      if (this.left <= 0) return 'stop';
      if (!isAbandoned?.()) this.left -= work;
      start();
      return 'take';
    });
    if (this.waiting.length > 0) this.schedule();
  }
}
