import type { Claim } from '../../http/idempotency';
import type { Origin } from '../../http/origin';
import type { IfMatch } from '../../http/preconditions';
import type { Customer } from '../customer.entity';
import type { UpdateCustomerDto } from '../dto/update-customer.dto';

/** What is to become of one customer. Ids are in lower case. */
export type Change =
  | { type: 'create'; customer: Customer }
  | { type: 'patch'; id: string; patch: UpdateCustomerDto }
  | { type: 'revert'; id: string; version: number }
  | { type: 'delete'; id: string }
  /** An item of a bulk that is not valid, in its place among the others. */
  | { type: 'refuse'; id: string; message: string };

/** How changes are to be made; all of it optional but where they come from. */
export interface WriteOptions {
  origin: Origin;
  ifMatch?: IfMatch | undefined;
  /** The If-None-Match header, as it was sent. */
  ifNoneMatch?: string | undefined;
  claim?: Claim | undefined;
  /** Carries everything out, and undoes it. */
  dryRun?: boolean | undefined;
  /** Whether nobody waits for the answer any more, or soon nobody will. Asked before the change begins. */
  isTooLate?: (() => boolean) | undefined;
}

/** What a request wants to be written in one transaction, in this order. */
export interface Job extends WriteOptions {
  sellerId: string;
  changes: Change[];
  /** Several changes, or a list of one, with an answer for each. */
  isBulk?: boolean;
  /** All changes or none. */
  isAtomic?: boolean;
}

/**
 * What became of a change, in a form that can be stored for a replay: it names versions, and nothing of what is in them.
 */
export type Outcome =
  | { status: 200 | 201; id: string; version: number }
  | { status: 204; id: string }
  /** 503 is an item of a bulk whose row somebody else keeps locked. An unknown customer has no `id` here. */
  | { status: 400 | 403 | 404 | 409 | 422 | 503; id?: string; message: string }
  /**
   * `older` are the versions that the client named and that are not ahead of the current one. `because` is there when it
   * is not that the customer has changed.
   */
  | { status: 412; id: string; version: number; older: number[]; because?: 'no_strong_tag' | 'if_none_match' };

/** The outcome of a change, and where it is at hand the customer as the change left it. */
export interface Result {
  outcome: Outcome;
  customer?: Customer;
}

/** What became of a job: one result, or of a bulk that took effect one for each change. */
export interface JobResult {
  results: Result[];
  isList: boolean;
  /** It was carried out before. */
  isReplay: boolean;
}

/** The contract's words ("Errors", "The rest of the resource"). */
export const MESSAGES = {
  unknown: 'Customer not found',
  unknownVersion: 'Customer version not found',
  emailTaken: 'A customer with this email already exists',
  limitReached: 'Customer limit reached',
  keyReused: 'Idempotency-Key was already used with a different request',
  inProgress: 'A request with this Idempotency-Key is still in progress',
  unavailable: 'Service temporarily unavailable',
};

export function isFailure({ outcome }: Result): boolean {
  return outcome.status >= 300;
}

/** The answer to a job as a whole. */
export function single(outcome: Outcome): JobResult {
  return { results: [{ outcome }], isList: false, isReplay: false };
}
