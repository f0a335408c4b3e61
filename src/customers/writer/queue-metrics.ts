import { Counter, Gauge, Histogram } from 'prom-client';

export const LIST_SIZE = new Histogram({
  name: 'write_list_size',
  help: 'Changes that were written together, with one commit',
  buckets: [1, 2, 4, 8, 16, 32, 64],
});

let readQueueLength = (): number => 0;

new Gauge({
  name: 'write_queue_length',
  help: 'Changes that wait to be written',
  collect(): void {
    this.set(readQueueLength());
  },
});

/** Has the length of a queue shown: that of the process's only one. */
export function showQueueLength(read: () => number): void {
  readQueueLength = read;
}

export const WRITES_ALONE = new Counter({
  name: 'writes_alone_total',
  help: 'Changes that were written in a transaction of their own',
});
