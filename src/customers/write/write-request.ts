import type { IdempotentRequest } from '../../http/idempotency';
import { COMMAND_LINE, type Origin } from '../../http/caller';
import type { IfMatch } from '../../http/preconditions';
import { type Customer, customerKey } from '../customer.entity';
import { CUSTOMER_ERRORS, type CustomerErrorCode } from '../customer.errors';
import type { CreateCustomerDto, UpdateCustomerDto } from '../dto/update-customer.dto';

/** Who asks for a change, and how it is to be made. */
export interface WriteOptions {
  origin: Origin;
  ifMatch?: IfMatch | undefined;
  /** The If-None-Match header, as it was sent. */
  ifNoneMatch?: string | undefined;
  /** The Idempotency-Key, and what makes a request with it the same. */
  idempotency?: IdempotentRequest | undefined;
  /** Carries everything out, and rolls it back. */
  dryRun?: boolean | undefined;
  /** The customer as it was when the key was looked up. It may have changed since. */
  preloadedCustomer?: Customer | undefined;
  /** Whether the client has left, or its time for an answer is nearly over. Asked before the change begins. */
  isTooLate?: (() => boolean) | undefined;
}

/** For changes that are made at the command line. */
export const COMMAND_LINE_OPTIONS: WriteOptions = { origin: COMMAND_LINE };

/*
 * WriteRequest  = Change[] and WriteOptions, handed by the service to the queue, and by that to the writer
 * WriteResult   = ChangeResult[]; a BatchResult of the writer may say instead that the request has to run separately
 * ChangeResult  = ChangeOutcome, which is stored for replays and may be a ChangeFailure, and the customer
 * The service makes a WrittenCustomer of it, or a BulkResult = BulkItemResult[].
 */

/** What is to become of one customer. Ids are in lower case. */
export type Change =
  | { type: 'create'; customer: Customer }
  | { type: 'patch'; id: string; patch: UpdateCustomerDto }
  /**
   * Of an import: a patch of the customer with the email or, where there is none, a new one. It fails if the seller has
   * another customer with `id`. In a request with one, all changes are upserts.
   */
  | { type: 'upsert'; patch: CreateCustomerDto; id?: string | undefined }
  | { type: 'revert'; id: string; version: number }
  | { type: 'delete'; id: string }
  /** An item of a bulk that is not valid. It fails in its place among the others. */
  | { type: 'refuse'; id: string; message: string };

/** The changes of one request, to be made in one transaction and in this order. */
export interface WriteRequest extends WriteOptions {
  sellerId: string;
  changes: Change[];
  /** Each change has a result of its own. */
  isBulk?: boolean;
  /** All changes or none. */
  isAtomic?: boolean;
}

/** A change that was not made, and why. */
export type ChangeFailure = { status: number; id?: string } & (
  | { code: Exclude<CustomerErrorCode, 'invalid' | PreconditionCode> }
  | { code: 'invalid'; message: string }
  /** `older`: the versions named by If-Match that are below the current one. */
  | { code: PreconditionCode; id: string; version: number; older: number[] }
);

export type PreconditionCode = 'version_mismatch' | 'no_strong_tag' | 'if_none_match';

/** What became of a change. Names versions and holds nothing of the customer, so that it can be stored for a replay. */
export type ChangeOutcome =
  { status: 200 | 201; id: string; version: number } | { status: 204; id: string } | ChangeFailure;

/**
 * The outcome of a change and, unless it is replayed or failed, the customer as the change left it; with `other_email`, the
 * customer with the id.
 */
export interface ChangeResult {
  outcome: ChangeOutcome;
  customer?: Customer;
  /** The change altered nothing. */
  isUnchanged?: boolean;
}

/** What became of a request. */
export interface WriteResult {
  /** One for each change, or a single failure of the whole request. */
  results: ChangeResult[];
  /** Whether there is a result for each change of a bulk. */
  isBulk: boolean;
  /** The same request was carried out before, and these are its results. */
  isReplay: boolean;
}

export function isFailure(outcome: ChangeOutcome): outcome is ChangeFailure {
  return outcome.status >= 300;
}

/** A failure that needs no details. `id` is that of a customer who exists. */
export function failure(code: Exclude<CustomerErrorCode, 'invalid' | PreconditionCode>, id?: string): ChangeFailure {
  const { status } = CUSTOMER_ERRORS[code];
  return id === undefined ? { status, code } : { status, code, id };
}

/** The result of a request that fails as a whole. */
export function failedRequest(outcome: ChangeFailure): WriteResult {
  return { results: [{ outcome }], isBulk: false, isReplay: false };
}

/** The ids of customers that a request names. */
export function idsOf({ changes }: WriteRequest): string[] {
  return changes.flatMap((change) => ('id' in change && change.id !== undefined ? [change.id] : []));
}

/** The customers that a request changes, by `customerKey`. */
export function customersOf(request: WriteRequest): string[] {
  return idsOf(request).map((id) => customerKey(request.sellerId, id));
}

/** The email that a change sets, as far as the change itself says so: a revert takes one from the history. */
export function newEmailOf(change: Change): string | undefined {
  if (change.type === 'create') return change.customer.email;
  return 'patch' in change ? change.patch.email : undefined;
}
