import type { Context } from '@opentelemetry/api';
import type { FairQueue } from '../../database/fair/fair-queue';
import { sellerEmailKey } from '../customer.entity';
import type { UpdateCustomerDto } from '../dto/update-customer.dto';
import { customersOf, newEmailOf, type WriteRequest, type WriteResult } from './write-request';

/** The most requests that are written with one commit. */
export const MAX_BATCH = 64;

/**
 * Requests that set an email may have to wait for another transaction that sets the same. They have batches of their own,
 * so that the others do not wait with them.
 */
export type BatchType = 'plain' | 'email';

/** A request that waits in the queue, or is under way. */
export interface QueuedRequest {
  request: WriteRequest;
  batchType: BatchType;
  /** Requests with a key in common do not run at the same time, unless they are in one batch, and keep their order. */
  keys: string[];
  /** In a transaction of its own, rather than in a batch. */
  runsSeparately: boolean;
  /** It has waited in vain for another transaction's lock, or a plain batch has left it out. */
  isLockBlocked: boolean;
  /** By `performance.now()`. */
  arrivedAt: number;
  trace: Context;
  resolve(result: WriteResult): void;
  reject(error: unknown): void;
}

export function toQueueEntry(
  request: WriteRequest,
  rest: Pick<QueuedRequest, 'arrivedAt' | 'trace' | 'resolve' | 'reject'>,
): QueuedRequest {
  const runsSeparately = needsOwnTransaction(request);
  return {
    request,
    batchType: setsEmail(request) ? 'email' : 'plain',
    keys: conflictKeys(request, runsSeparately),
    runsSeparately,
    isLockBlocked: false,
    ...rest,
  };
}

/** The same request, to be run again in a transaction of its own. */
export function toSeparateEntry(entry: QueuedRequest, isLockBlocked: boolean): QueuedRequest {
  return { ...entry, runsSeparately: true, isLockBlocked, keys: conflictKeys(entry.request, true) };
}

/** What the choice of the next requests depends on. */
export interface ScheduleState {
  /** The keys of the requests that are under way. */
  busyKeys: ReadonlySet<string>;
  /** Whether a further batch of this type may start. */
  canStartBatch: Record<BatchType, boolean>;
  /** Takes a slot for a request that runs separately; false when there is none for it. */
  takeSlot(request: QueuedRequest): boolean;
  /** Whether a request has waited for too long. */
  isExpired(request: QueuedRequest): boolean;
}

interface Schedule {
  batches: Record<BatchType, QueuedRequest[]>;
  separate: QueuedRequest[];
  expired: QueuedRequest[];
}

/**
 * Takes out of the queue all that can start now, and all that has expired. Does no I/O, and starts nothing. A request that
 * can't start keeps its place, and keeps back later requests of its customers.
 */
export function schedule(waiting: Pick<FairQueue<QueuedRequest>, 'walk'>, state: ScheduleState): Schedule {
  const chosen: Schedule = { batches: { plain: [], email: [] }, separate: [], expired: [] };
  /** The keys of the requests that were looked at: with the batch of those that start in one, else `kept`. */
  const taken = new Map<string, BatchType | 'kept'>();
  waiting.walk((entry) => {
    if (state.isExpired(entry)) {
      chosen.expired.push(entry);
      return 'take';
    }
    const { keys, runsSeparately, batchType } = entry;
    const isFree = keys.every((key) => {
      if (state.busyKeys.has(key)) return false;
      const by = taken.get(key);
      return by === undefined || (!runsSeparately && by === batchType);
    });
    const batch = chosen.batches[batchType];
    const starts =
      isFree && (runsSeparately ? state.takeSlot(entry) : state.canStartBatch[batchType] && batch.length < MAX_BATCH);
    const mark = starts && !runsSeparately ? batchType : 'kept';
    for (const key of keys) taken.set(key, mark);
    if (!starts) return 'keep';
    (runsSeparately ? chosen.separate : batch).push(entry);
    return 'take';
  });
  return chosen;
}

/**
 * Whether a request can't be part of a batch. The changes of a bulk take effect together; a revert reads versions that
 * must not change meanwhile; a change that ends portal sessions has to lock the customer before it looks for them. A dry
 * run is rolled back, and its locks must not delay others.
 */
function needsOwnTransaction({ changes, isBulk, dryRun }: WriteRequest): boolean {
  const [change] = changes;
  if (isBulk || dryRun || !change) return true;
  return change.type === 'patch' ? endsSessions(change.patch) : change.type !== 'create';
}

/** Whether a request may have to wait until another transaction has decided who gets an email. */
function setsEmail({ changes }: WriteRequest): boolean {
  return changes.some((change) => newEmailOf(change) !== undefined);
}

/**
 * Requests under way have none of these keys in common. A request with a transaction of its own also counts the emails
 * that it sets, so that only one such request waits for an email.
 */
function conflictKeys(request: WriteRequest, runsSeparately: boolean): string[] {
  const customers = customersOf(request);
  if (!runsSeparately) return customers;
  const { sellerId, changes } = request;
  const emails = changes.flatMap((change) => {
    const email = newEmailOf(change);
    return email ? [sellerEmailKey(sellerId, email)] : [];
  });
  return [...new Set([...customers, ...emails])];
}

function endsSessions({ status }: UpdateCustomerDto): boolean {
  return status !== undefined && status !== 'active';
}
