import { Counter } from 'prom-client';
import { OverloadedError } from '../errors';

/** What waits: changes, keys and customers to be looked up, and other work with the database. */
export type QueueName = 'write' | 'lookup' | 'turn';

/**
 * `full`: the queue was full, and no other seller held more places. `displaced`: a seller with fewer places got this one.
 * `late`: the request waited for too long, or its client had gone.
 */
const REASONS = ['full', 'displaced', 'late'] as const;
export type RefusalReason = (typeof REASONS)[number];

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
