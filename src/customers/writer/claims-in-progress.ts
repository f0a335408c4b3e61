import { type JobResult, type Job, MESSAGES, single } from './change';
import { claimKey } from './facts/records';

interface Ways {
  carryOut(): Promise<JobResult>;
  /** What became of the same request before, if anything did. */
  recall(): Promise<JobResult | undefined>;
}

/**
 * Keeps a request from being carried out while the same one is under way, on this instance. On two instances both go
 * ahead, and the database lets only one of them commit; the other then finds the record.
 */
export class ClaimsInProgress {
  private readonly fingerprints = new Map<string, Buffer>();

  async guard(job: Job, { carryOut, recall }: Ways): Promise<JobResult> {
    const { sellerId, claim, dryRun } = job;
    if (!claim || dryRun) return carryOut();
    const key = claimKey(sellerId, claim);
    const other = this.fingerprints.get(key);
    // What is in progress may itself be but a retry of what is done.
    if (other) return (await recall()) ?? single(other.equals(claim.fingerprint) ? IN_PROGRESS : REUSED);
    this.fingerprints.set(key, claim.fingerprint);
    try {
      return await carryOut();
    } finally {
      this.fingerprints.delete(key);
    }
  }
}

const IN_PROGRESS = { status: 409, message: MESSAGES.inProgress } as const;
const REUSED = { status: 422, message: MESSAGES.keyReused } as const;
