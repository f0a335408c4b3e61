import { Injectable } from '@nestjs/common';
import { DatabaseError } from 'pg';
import { CONSTRAINTS, isLockTimeout, OverloadedError, violates } from '../../database/errors';
import { type QueryExecutor, Statements } from '../../database/statements';
import { customerKey } from '../customer.entity';
import type { LockMode } from '../customers.repository';
import type { PlannedWrites } from './planned-writes';
import { WritePlan } from './write-plan';
import { customersOf, failedRequest, isFailure, type WriteRequest, type WriteResult } from './write-request';
import { writeCustomers } from './write.repository';
import { loadSnapshot, lockAndLoad } from './write-snapshot';

/** How long a batch waits for an email that another transaction is about to take; past it the batch is split. */
const BATCH_LOCK_TIMEOUT_MS = 100;

/** How long each half waits for the same email, which is known to be locked. */
const HALF_BATCH_LOCK_TIMEOUT_MS = 10;

/** How often a batch is planned anew after another transaction has committed first. */
const BATCH_ATTEMPTS = 3;

/** How often a request with a transaction of its own is tried, and at least how long it waits for locks each time. */
const ATTEMPTS = 4;
const MIN_LOCK_TIMEOUT_MS = 100;

/** SQLSTATE classes of errors that one change of a batch can cause: bad values, constraints, others' transactions. */
const CAUSED_BY_ONE = /^(22|23|40)/;

/** The result of a request that its batch could not carry out: it has to run in a transaction of its own. */
export const RUN_SEPARATELY = Symbol('run separately');
export type BatchResult = WriteResult | typeof RUN_SEPARATELY;

/** What became of the writes of a batch. */
interface BatchWriteReport {
  /** The keys of planned rows that were not written. */
  unwritten: ReadonlySet<string>;
  /** Why nothing at all was written. */
  failure?: 'conflict' | 'lock timeout';
}

/** Writes customers: rows, history and idempotency records together or not at all. */
@Injectable()
export class CustomerWriter {
  constructor(private readonly statements: Statements) {}

  /**
   * Carries out requests of one change each: reads what they depend on, plans, and writes all of it with one statement, which
   * checks that nothing has changed in between. Waits for no row that others hold.
   * @returns the result of each request, or that it has to run separately.
   */
  async writeBatch(requests: WriteRequest[], lockTimeoutMs = BATCH_LOCK_TIMEOUT_MS): Promise<BatchResult[]> {
    // The customer that was read with the API key, for the first attempt alone: it may have changed since.
    let preloaded = requests.length === 1 ? requests[0]?.preloadedCustomer : undefined;
    for (let attempt = 1; ; attempt++, preloaded = undefined) {
      const plan = new WritePlan(await loadSnapshot(this.statements, requests, preloaded));
      const results = planBatch(plan, requests);
      // Without a write, nothing would notice a stale customer.
      if (preloaded && plan.writes.rows.size === 0) continue;
      const report = await this.tryToWrite(plan.writes, lockTimeoutMs);
      if (preloaded && !report.failure && report.unwritten.size > 0) continue;
      if (report.failure === 'lock timeout' && requests.length > 1) return this.writeInHalves(requests);
      // Another writer committed first: reload and retry.
      if (report.failure === 'conflict' && attempt < BATCH_ATTEMPTS) continue;
      return requests.map((request, index) => finalResult(request, results[index] as BatchResult, report));
    }
  }

  /** Finds out which requests of a batch wait for others, so that the rest need not. */
  private async writeInHalves(requests: WriteRequest[]): Promise<BatchResult[]> {
    const half = Math.ceil(requests.length / 2);
    const first = await this.writeBatch(requests.slice(0, half), HALF_BATCH_LOCK_TIMEOUT_MS);
    // A later request of a customer must not overtake one that is still to be carried out.
    const blocked = new Set(
      requests.flatMap((request, index) => (first[index] === RUN_SEPARATELY ? customersOf(request) : [])),
    );
    const rest = requests.slice(half);
    const free = rest.filter((request) => !customersOf(request).some((key) => blocked.has(key)));
    const results = await this.writeBatch(free, HALF_BATCH_LOCK_TIMEOUT_MS);
    const second = new Map(free.map((request, index) => [request, results[index] as BatchResult]));
    return [...first, ...rest.map((request): BatchResult => second.get(request) ?? RUN_SEPARATELY)];
  }

  /**
   * Carries out one request in a transaction of its own, with everything locked that it depends on.
   * @param lockTimeoutMs how long it may wait for what others hold.
   * @throws DatabaseError when others hold something for longer, or the database fails.
   */
  async writeSeparately(request: WriteRequest, lockTimeoutMs: number): Promise<WriteResult> {
    const replay = await this.loadReplay(request);
    if (replay) return replay;
    const start = performance.now();
    let lock: LockMode = 'wait';
    for (let attempt = 1; ; attempt++) {
      const leftMs = Math.max(MIN_LOCK_TIMEOUT_MS, lockTimeoutMs - (performance.now() - start));
      try {
        return await this.tryOnce(request, leftMs, lock);
      } catch (error) {
        const { isBulk, isAtomic, idempotency } = request;
        // A bulk goes on without the customers whom others hold. Not with an Idempotency-Key: the stored result would leave
        // the same items out of every retry.
        const canSkip = lock === 'wait' && isBulk && !isAtomic && !idempotency && isLockTimeout(error);
        if (canSkip) lock = 'skip';
        else if (!isConflict(error)) throw error;
        if (attempt === ATTEMPTS) throw new OverloadedError();
      }
    }
  }

  /** The stored result of the request with this Idempotency-Key, or a failure if that was another. Waits for no lock. */
  async loadReplay(request: WriteRequest): Promise<WriteResult | undefined> {
    if (!request.idempotency || request.dryRun) return undefined;
    return new WritePlan(await loadSnapshot(this.statements, [{ ...request, changes: [] }])).findReplay(request);
  }

  private async tryToWrite(writes: PlannedWrites, lockTimeoutMs: number): Promise<BatchWriteReport> {
    const planned = [...writes.rows.keys()];
    try {
      const written = writes.setsEmails
        ? await this.statements.transaction({ lockTimeoutMs }, (transaction) => writeCustomers(transaction, writes))
        : await writeCustomers(this.statements, writes);
      return { unwritten: new Set(planned.filter((key) => !written.has(key))) };
    } catch (error) {
      if (isLockTimeout(error)) return { unwritten: new Set(planned), failure: 'lock timeout' };
      const isCausedByOne = error instanceof DatabaseError && CAUSED_BY_ONE.test(error.code ?? '');
      if (isCausedByOne) return { unwritten: new Set(planned), failure: 'conflict' };
      throw error;
    }
  }

  private async tryOnce(request: WriteRequest, lockTimeoutMs: number, lock: LockMode): Promise<WriteResult> {
    const rollback = request.dryRun === true;
    try {
      return await this.statements.transaction({ lockTimeoutMs, rollback }, (transaction) =>
        planAndWrite(transaction, request, lock),
      );
    } catch (error) {
      if (!(error instanceof AtomicFailure)) throw error;
      const { result } = error;
      return request.idempotency && !request.dryRun
        ? await this.storeFailureAfterRollback(request, result, lockTimeoutMs)
        : result;
    }
  }

  /** For an atomic request that failed and was rolled back: only its result is left to be written. */
  private storeFailureAfterRollback(
    request: WriteRequest,
    result: WriteResult,
    lockTimeoutMs: number,
  ): Promise<WriteResult> {
    return this.statements.transaction({ lockTimeoutMs }, async (transaction) => {
      const plan = new WritePlan(await lockAndLoad(transaction, { ...request, changes: [] }, 'wait'));
      const replay = plan.findReplay(request);
      if (replay) return replay;
      plan.storeReplay(request, result);
      await writeCustomers(transaction, plan.writes);
      return result;
    });
  }
}

/** Rolls back what an atomic request has written so far. */
class AtomicFailure extends Error {
  constructor(readonly result: WriteResult) {
    super('A change of an atomic request failed');
  }
}

/** A later request of a customer does not overtake one that has to run separately. */
function planBatch(plan: WritePlan, requests: WriteRequest[]): BatchResult[] {
  const blocked = new Set<string>();
  return requests.map((request) => {
    const customers = customersOf(request);
    const result = customers.some((key) => blocked.has(key)) ? RUN_SEPARATELY : planOne(plan, request);
    if (result === RUN_SEPARATELY) for (const key of customers) blocked.add(key);
    return result;
  });
}

function planOne(plan: WritePlan, request: WriteRequest): BatchResult {
  const replay = plan.findReplay(request);
  if (replay) return replay;
  const { results, deferred } = plan.add(request, request.changes);
  const [result] = results;
  // A failure that is stored must not depend on other requests of the batch, which may not be written in the end.
  if (!result || deferred.length > 0 || (request.idempotency && isFailure(result.outcome))) return RUN_SEPARATELY;
  const planned: WriteResult = { results, isBulk: false, isReplay: false };
  plan.storeReplay(request, planned);
  return planned;
}

/** The planned result of a request, unless it depends on what was not written. */
function finalResult(
  request: WriteRequest,
  result: BatchResult,
  { unwritten, failure }: BatchWriteReport,
): BatchResult {
  if (result === RUN_SEPARATELY || result.isReplay) return result;
  // Its idempotency record was not written either.
  if (failure && request.idempotency) return RUN_SEPARATELY;
  const outcome = result.results[0]?.outcome;
  if (unwritten.size === 0 || !outcome) return result;
  // The customer who takes the email in this batch may be one of those that were not written.
  const wantsEmail = isFailure(outcome) && outcome.code === 'email_taken';
  return wantsEmail || unwritten.has(customerKey(request.sellerId, outcome.id ?? '')) ? RUN_SEPARATELY : result;
}

/** Plans and writes in turns until no change is deferred any more. */
async function planAndWrite(transaction: QueryExecutor, request: WriteRequest, lock: LockMode): Promise<WriteResult> {
  const plan = new WritePlan(await lockAndLoad(transaction, request, lock));
  const replay = plan.findReplay(request);
  if (replay) return replay;
  const done: WriteResult = { results: [], isBulk: request.isBulk === true, isReplay: false };
  for (;;) {
    const { results, deferred } = plan.add(request, request.changes.slice(done.results.length));
    done.results.push(...results);
    const failed = request.isAtomic ? results.map(({ outcome }) => outcome).find(isFailure) : undefined;
    if (failed) throw new AtomicFailure(failedRequest(failed));
    if (deferred.length === 0) plan.storeReplay(request, done);
    await writeCustomers(transaction, plan.writes);
    if (deferred.length === 0) return done;
    plan.continueAfterWrite();
  }
}

/** Whether another transaction committed first: the next attempt sees what it has written. */
function isConflict(error: unknown): boolean {
  const isSerialization = error instanceof DatabaseError && /^(40001|40P01)$/.test(error.code ?? '');
  return (
    isSerialization || violates(error, CONSTRAINTS.customerEmail) || violates(error, CONSTRAINTS.idempotencyRecord)
  );
}
