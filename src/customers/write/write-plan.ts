import { type HistoryType, newHistoryEntry, versionKey } from '../history/history.entity';
import { matchesWeakly } from '../../http/preconditions';
import { type Customer, customerKey, sellerEmailKey } from '../customer.entity';
import { CUSTOMER_ERRORS } from '../customer.errors';
import { changesBetween, isEmpty, merge, newCustomer } from '../merge';
import { idempotencyKey, newRecord } from './idempotency.repository';
import { PlannedWrites } from './planned-writes';
import {
  type Change,
  type ChangeFailure,
  type ChangeOutcome,
  type ChangeResult,
  failedRequest,
  failure,
  type PreconditionCode,
  type WriteRequest,
  type WriteResult,
} from './write-request';
import type { WriteSnapshot } from './write-snapshot';

type ChangeOf<T extends Change['type']> = Extract<Change, { type: T }>;

/** The decision on a change that has to wait until the planned changes are written, or its rows are locked. */
const DEFERRED = Symbol('deferred');
type Decision = ChangeResult | typeof DEFERRED;

const FREED = Symbol('freed');

/** Who has an email while changes are planned one after the other. */
class EmailReservations {
  private readonly planned = new Map<string, string | typeof FREED>();

  constructor(private readonly owners: WriteSnapshot['emailOwners']) {}

  /**
   * Whether a customer may have its email. An email that the same plan frees can't be taken in it: whether the unique
   * index notices that it is free would depend on the order in which the statement writes the rows.
   */
  check({ seller_id, id, email }: Customer): 'free' | 'taken' | 'freed' {
    const owner = this.ownerOf(seller_id, email);
    if (owner === undefined || owner === id) return 'free';
    return owner === FREED ? 'freed' : 'taken';
  }

  ownerOf(sellerId: string, email: string): string | typeof FREED | undefined {
    const key = sellerEmailKey(sellerId, email);
    return this.planned.get(key) ?? this.owners.get(key);
  }

  /** Once the plan is written, nobody has the emails that it frees. */
  releaseFreed(): void {
    for (const [key, owner] of this.planned) {
      if (owner !== FREED) continue;
      this.planned.delete(key);
      this.owners.delete(key);
    }
  }

  free({ seller_id, email }: Customer): void {
    this.planned.set(sellerEmailKey(seller_id, email), FREED);
  }

  reserve({ seller_id, id, email }: Customer): void {
    this.planned.set(sellerEmailKey(seller_id, email), id);
  }
}

/** Decides what to write, change by change, as if each found what those before it leave. Does no I/O. */
export class WritePlan {
  writes = new PlannedWrites();
  private readonly emails: EmailReservations;
  private readonly quotas: WriteSnapshot['quotas'];

  constructor(private readonly snapshot: WriteSnapshot) {
    this.emails = new EmailReservations(snapshot.emailOwners);
    this.quotas = new Map(snapshot.quotas);
  }

  /** The stored result of the same request, if it was carried out before. */
  findReplay({ sellerId, idempotency, dryRun, isBulk = false }: WriteRequest): WriteResult | undefined {
    const replay = idempotency && !dryRun && this.snapshot.replays.get(idempotencyKey(sellerId, idempotency));
    if (!replay) return undefined;
    if (!idempotency.fingerprint.equals(replay.fingerprint)) return failedRequest(failure('key_reused'));
    const { outcome } = replay;
    const results = [outcome].flat().map((outcome) => ({ outcome }));
    return { results, isBulk: isBulk && Array.isArray(outcome), isReplay: true };
  }

  /** Stores the result of a request for its retries, if the contract has it replayed ("Safe changes"). */
  storeReplay({ sellerId, idempotency, dryRun }: WriteRequest, { results, isBulk }: WriteResult): void {
    if (!idempotency || dryRun || !(isBulk || results.every(isReplayed))) return;
    const outcomes = results.map(({ outcome }) => outcome);
    const [outcome] = outcomes as [ChangeOutcome];
    const { id = null } = outcome;
    const isWritten = !isBulk && id !== null && this.writes.rows.has(customerKey(sellerId, id));
    this.writes.records.push(newRecord(sellerId, idempotency, isBulk ? outcomes : outcome, isWritten ? id : null));
  }

  /** Decides changes of a request in their order, and stops before the first one that is deferred. */
  add(request: WriteRequest, changes: Change[]): { results: ChangeResult[]; deferred: Change[] } {
    const results: ChangeResult[] = [];
    for (const change of changes) {
      const decision = this.decide(request, change);
      if (decision === DEFERRED) break;
      results.push(decision);
    }
    return { results, deferred: changes.slice(results.length) };
  }

  /** Begins anew with what the planned changes have left, once they are written. All rows have to be locked. */
  continueAfterWrite(): void {
    for (const [key, { customer }] of this.writes.rows) this.snapshot.customers.set(key, customer);
    this.emails.releaseFreed();
    this.writes = new PlannedWrites();
  }

  private decide(request: WriteRequest, change: Change): Decision {
    if (change.type === 'create') return this.create(request, change.customer);
    if (change.type === 'upsert') return this.upsert(request, change);
    const key = customerKey(request.sellerId, change.id);
    const current = this.currentOf(key);
    if (change.type === 'refuse') return failed(invalid(change, current));
    if (current) return this.change(request, change, current);
    return failed(this.snapshot.lockBlocked.has(key) ? failure('unavailable', change.id) : failure('not_found'));
  }

  private currentOf(key: string): Customer | undefined {
    return this.writes.rows.get(key)?.customer ?? this.snapshot.customers.get(key);
  }

  private upsert(request: WriteRequest, { patch, id }: ChangeOf<'upsert'>): Decision {
    const owner = this.emails.ownerOf(request.sellerId, patch.email);
    if (id !== undefined && id !== owner) {
      const key = customerKey(request.sellerId, id);
      const other = this.currentOf(key);
      if (other) return { outcome: failure('other_email', id), customer: other };
      if (this.snapshot.lockBlocked.has(key)) return failed(failure('unavailable', id));
    }
    if (typeof owner === 'string') return this.decide(request, { type: 'patch', id: owner, patch });
    return this.create(request, newCustomer(request.sellerId, patch, 'import'));
  }

  private create({ sellerId, origin }: WriteRequest, customer: Customer): Decision {
    const quota = this.quotas.get(sellerId) ?? Infinity;
    if (quota === 'uncounted') return DEFERRED;
    if (quota <= 0) return failed(failure('limit_reached'));
    const email = this.emails.check(customer);
    if (email === 'freed') return DEFERRED;
    if (email === 'taken') return failed(failure('email_taken'));
    this.quotas.set(sellerId, quota - 1);
    this.emails.reserve(customer);
    this.writes.create(customer, newHistoryEntry(customer, 'created', changesBetween(undefined, customer), origin));
    return { outcome: { status: 201, id: customer.id, version: customer.version }, customer };
  }

  private change(request: WriteRequest, change: ChangeOf<'patch' | 'revert' | 'delete'>, current: Customer): Decision {
    const next = this.apply(change, current);
    if (!next) return failed(failure('version_not_found', current.id));
    const unmet = unmetPrecondition(request, current);
    if (unmet) return failed(unmet);
    if (change.type === 'delete') return this.delete(request, current);
    return this.update(request, current, next, change.type === 'revert' ? 'reverted' : 'updated');
  }

  /** The customer as a change makes it; undefined when it has never had the version that it is to be reverted to. */
  private apply(change: ChangeOf<'patch' | 'revert' | 'delete'>, current: Customer): Customer | undefined {
    if (change.type === 'patch') return merge(current, change.patch);
    if (change.type === 'delete' || change.version === current.version) return current;
    const past = this.snapshot.pastVersions.get(versionKey(change));
    return past && { ...current, ...past.members };
  }

  private update({ origin }: WriteRequest, current: Customer, changed: Customer, type: HistoryType): Decision {
    const { id } = current;
    const changes = changesBetween(current, changed);
    if (isEmpty(changes)) {
      return { outcome: { status: 200, id, version: current.version }, customer: current, isUnchanged: true };
    }
    if (changes.email) {
      const email = this.emails.check(changed);
      if (email === 'freed') return DEFERRED;
      if (email === 'taken') return failed(failure('email_taken', id));
      this.emails.free(current);
      this.emails.reserve(changed);
    }
    const version = current.version + 1;
    const next = { ...changed, version };
    this.writes.update(current, next, newHistoryEntry(next, type, changes, origin));
    return { outcome: { status: 200, id, version }, customer: next };
  }

  private delete({ origin }: WriteRequest, current: Customer): Decision {
    this.emails.free(current);
    this.writes.deletions.push({ customer: current, origin });
    return { outcome: { status: 204, id: current.id } };
  }
}

function failed(outcome: ChangeFailure): ChangeResult {
  return { outcome };
}

function invalid({ id, message }: ChangeOf<'refuse'>, current?: Customer): ChangeFailure {
  return { status: CUSTOMER_ERRORS.invalid.status, ...(current && { id }), code: 'invalid', message };
}

/** If-Match comes first (RFC 9110, section 13.2.2). */
function unmetPrecondition({ ifMatch, ifNoneMatch }: WriteRequest, customer: Customer): ChangeFailure | undefined {
  const { version } = customer;
  if (ifMatch === 'no strong tag') return unmet('no_strong_tag', customer);
  if (ifMatch && ifMatch !== '*' && !ifMatch.includes(version)) {
    const older = ifMatch.filter((other) => other < version);
    return unmet('version_mismatch', customer, older);
  }
  return matchesWeakly(ifNoneMatch, `"${version}"`) ? unmet('if_none_match', customer) : undefined;
}

function unmet(code: PreconditionCode, { id, version }: Customer, older: number[] = []): ChangeFailure {
  return { status: CUSTOMER_ERRORS[code].status, id, version, older, code };
}

const REPLAYED = [200, 201, 404, 409, 412];

function isReplayed({ outcome }: ChangeResult): boolean {
  return REPLAYED.includes(outcome.status);
}
