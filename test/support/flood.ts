import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** What is sent on each of many connections: a head, and then a chunk several times. */
export interface FloodOptions {
  port: number;
  count: number;
  head: string;
  chunk?: string;
  repeat?: number;
  /** Whether connections that are cut are opened again, a second later. */
  reopens?: boolean;
  /** Whether answers are left unread. */
  isDeaf?: boolean;
}

export interface FloodAnswers {
  /** How many connections got each first line; those without any are counted as `none`. */
  counts: Record<string, number>;
  /** When the last of them came, from the beginning. */
  lastAnswerMs: number;
}

/** Many connections that all send the same, from a thread of their own. */
export class Flood {
  private constructor(private readonly worker: Worker) {}

  /** Resolves when all is sent, or when the service reads no more of it. */
  static async start(options: FloodOptions): Promise<Flood> {
    const worker = new Worker(join(__dirname, 'flood-worker.mjs'), { workerData: options });
    await once(worker, 'message');
    return new Flood(worker);
  }

  /** Waits until all connections have their answers, for some seconds at most. */
  async answers(): Promise<FloodAnswers> {
    this.worker.postMessage('answers');
    const [answers] = (await once(this.worker, 'message')) as [FloodAnswers];
    return answers;
  }

  /** Cuts the connections. */
  async end(): Promise<void> {
    this.worker.postMessage('end');
    await once(this.worker, 'message');
  }
}
