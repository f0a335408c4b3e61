import { Injectable } from '@nestjs/common';
import { DatabaseError } from 'pg';
import { CONSTRAINTS, isLockTimeout, OverloadedError, violates } from '../../database/errors';
import { type QueryExecutor as Runner, Statements } from '../../database/statements';
import { type Change, isFailure, type Job, type JobResult, single } from './change';
import { glance, settle } from './facts/facts';
import { type Lock, rowKey } from '../rows';
import { customersOf } from './job-kinds';
import { Plan } from './plan';
import { write } from './write';

/** How long many changes at once wait for an email that somebody else is about to take; past it they are tried in halves. */
const PATIENCE_OF_MANY_MS = 100;

/** How long each half waits for the same email, which is known to be held. */
const PATIENCE_OF_HALF_MS = 10;

/** How often a list is tried that others get in the way of. */
const ATTEMPTS_TOGETHER = 3;

/** How often a job is tried alone that others get in the way of. */
const ATTEMPTS = 4;

/** SQLSTATE classes and codes of errors that one change in a list can be the cause of: values, constraints, others' transactions. */
const OF_ONE = /^(22|23|40)/;

/** Of a job that has to be carried out alone: others hold its row, or get in its way, or it may get in theirs. */
export const ALONE = Symbol('alone');

/** Writes customers: rows, history and the records of requests together or not at all. */
@Injectable()
export class CustomerWriter {
  constructor(private readonly statements: Statements) {}

  /**
   * Carries out jobs of one change each: reads what they depend on, plans, and writes all of it with one statement, which
   * checks that nothing has changed in between. Waits for nobody's row.
   * @returns what became of each, or that it is still to be done, alone.
   */
  async writeTogether(jobs: Job[], patienceMs = PATIENCE_OF_MANY_MS): Promise<(JobResult | typeof ALONE)[]> {
    for (let attempt = 1; ; attempt++) {
      const plan = new Plan(await glance(this.statements, jobs));
      const results = planEach(plan, jobs);
      const done = await this.tryToWrite(plan, patienceMs);
      if (done === 'held' && jobs.length > 1) return this.writeInHalves(jobs);
      // Who was faster has left something to be seen.
      if (done === 'raced' && attempt < ATTEMPTS_TOGETHER) continue;
      const written = typeof done === 'string' ? undefined : done;
      const unwritten = new Set([...plan.writes.rows.keys()].filter((key) => !written?.has(key)));
      return jobs.map((job, index) => {
        const result = results[index] as JobResult | typeof ALONE;
        if (result === ALONE || result.isReplay) return result;
        return (written || !job.claim) && isFounded(job, result, unwritten) ? result : ALONE;
      });
    }
  }

  /** Finds out which of many changes wait for others, so that the rest need not. */
  private async writeInHalves(jobs: Job[]): Promise<(JobResult | typeof ALONE)[]> {
    const half = Math.ceil(jobs.length / 2);
    const first = await this.writeTogether(jobs.slice(0, half), PATIENCE_OF_HALF_MS);
    // What comes later to a customer does not overtake what is left to be done.
    const left = new Set(jobs.flatMap((job, index) => (first[index] === ALONE ? customersOf(job) : [])));
    const isFree = (job: Job) => !customersOf(job).some((key) => left.has(key));
    const rest = jobs.slice(half);
    const second = (await this.writeTogether(rest.filter(isFree), PATIENCE_OF_HALF_MS)).values();
    return [...first, ...rest.map((job) => (isFree(job) ? (second.next().value ?? ALONE) : ALONE))];
  }

  /**
   * Carries out one job in a transaction of its own, with everything locked that it depends on.
   * @param patienceMs how long it may wait for what others hold.
   * @throws DatabaseError when others hold something for longer, or the database fails.
   */
  async writeAlone(job: Job, patienceMs: number): Promise<JobResult> {
    const known = await this.recall(job);
    if (known) return known;
    const start = performance.now();
    let lock: Lock = 'wait';
    for (let attempt = 1; ; attempt++) {
      const lockTimeoutMs = Math.max(PATIENCE_OF_MANY_MS, patienceMs - (performance.now() - start));
      try {
        return await this.attempt(job, lockTimeoutMs, lock);
      } catch (error) {
        // Not with a claim: what is left out now would be left out of every retry.
        const canSkip = lock === 'wait' && job.isBulk && !job.isAtomic && !job.claim && isLockTimeout(error);
        if (canSkip) lock = 'skip';
        else if (!isRace(error)) throw error;
        if (attempt === ATTEMPTS) throw new OverloadedError();
      }
    }
  }

  /** What became of the same request before, if anything did. Without waiting for what others hold. */
  async recall(job: Job): Promise<JobResult | undefined> {
    if (!job.claim || job.dryRun) return undefined;
    return new Plan(await glance(this.statements, [{ ...job, changes: [] }])).replay(job);
  }

  /** The keys of what was written; when nothing was, because of one of the changes, whether others were faster or still are at it. */
  private async tryToWrite({ writes }: Plan, lockTimeoutMs: number): Promise<Set<string> | 'raced' | 'held'> {
    try {
      if (!writes.touchesEmails) return await write(this.statements, writes);
      return await this.statements.transaction({ lockTimeoutMs }, (transaction) => write(transaction, writes));
    } catch (error) {
      if (isLockTimeout(error)) return 'held';
      if (error instanceof DatabaseError && OF_ONE.test(error.code ?? '')) return 'raced';
      throw error;
    }
  }

  private async attempt(job: Job, lockTimeoutMs: number, lock: Lock): Promise<JobResult> {
    const rollback = job.dryRun === true;
    try {
      return await this.statements.transaction({ lockTimeoutMs, rollback }, (transaction) =>
        carryOut(transaction, job, lock),
      );
    } catch (error) {
      if (!(error instanceof AtomicFailure)) throw error;
      return job.claim && !job.dryRun ? await this.remember(job, error.result, lockTimeoutMs) : error.result;
    }
  }

  /** Of an atomic job that has come to nothing, only that is left to be written. */
  private remember(job: Job, result: JobResult, lockTimeoutMs: number): Promise<JobResult> {
    return this.statements.transaction({ lockTimeoutMs }, async (transaction) => {
      const plan = new Plan(await settle(transaction, { ...job, changes: [] }, 'wait'));
      const replay = plan.replay(job);
      if (replay) return replay;
      plan.record(job, result);
      await write(transaction, plan.writes);
      return result;
    });
  }
}

/** Undoes what an atomic job has written so far. */
class AtomicFailure extends Error {
  constructor(readonly result: JobResult) {
    super('A change of an atomic job failed');
  }
}

/** What comes later to a customer does not overtake what is postponed. */
function planEach(plan: Plan, jobs: Job[]): (JobResult | typeof ALONE)[] {
  const postponed = new Set<string>();
  return jobs.map((job) => {
    const customers = customersOf(job);
    const result = customers.some((key) => postponed.has(key)) ? ALONE : planOne(plan, job);
    if (result === ALONE) for (const key of customers) postponed.add(key);
    return result;
  });
}

function planOne(plan: Plan, job: Job): JobResult | typeof ALONE {
  const replay = plan.replay(job);
  if (replay) return replay;
  const { results, rest } = plan.add(job, job.changes);
  const [result] = results;
  // A failure that is to be remembered must not rest on what others in the list may not come to write.
  if (!result || rest.length > 0 || (job.claim && isFailure(result))) return ALONE;
  const planned: JobResult = { results, isList: false, isReplay: false };
  plan.record(job, planned);
  return planned;
}

/** Whether a result rests on nothing that has not been written: neither its own row nor somebody else's email. */
function isFounded({ sellerId }: Job, { results }: JobResult, unwritten: ReadonlySet<string>): boolean {
  const outcome = results[0]?.outcome;
  if (unwritten.size === 0 || !outcome) return true;
  return outcome.status !== 409 && !unwritten.has(rowKey(sellerId, outcome.id ?? ''));
}

/** Alternates between planning and writing until nothing is left that has to come later. */
async function carryOut(transaction: Runner, job: Job, lock: Lock): Promise<JobResult> {
  const done: JobResult = { results: [], isList: job.isBulk === true, isReplay: false };
  for (let left: Change[] = job.changes; ;) {
    const plan = new Plan(await settle(transaction, { ...job, changes: left }, lock));
    const replay = done.results.length === 0 ? plan.replay(job) : undefined;
    if (replay) return replay;
    const { results, rest } = plan.add(job, left);
    done.results.push(...results);
    const failed = job.isAtomic ? results.find(isFailure) : undefined;
    if (failed) throw new AtomicFailure(single(failed.outcome));
    if (rest.length === 0) plan.record(job, done);
    await write(transaction, plan.writes);
    if (rest.length === 0) return done;
    left = rest;
  }
}

/** Whether others were faster: the next attempt finds what they have left. */
function isRace(error: unknown): boolean {
  const isOfOthers = error instanceof DatabaseError && /^(40001|40P01)$/.test(error.code ?? '');
  return isOfOthers || violates(error, CONSTRAINTS.customerEmail) || violates(error, CONSTRAINTS.idempotencyRecord);
}
