import { type HistoryType, historyEntry } from '../../history/history-entry';
import { stateKey } from '../../history/states';
import { matchesWeakly } from '../../http/etag';
import { type Change, type Job, type JobResult, MESSAGES, type Outcome, type Result, single } from './change';
import { EmailClaims } from './email-claims';
import type { Facts } from './facts/facts';
import { claimKey } from './facts/records';
import type { Customer } from '../customer.entity';
import { rowKey } from '../rows';
import { changesBetween, isEmpty, merge } from './merge';
import { Writes } from './writes';

type ChangeOf<T extends Change['type']> = Extract<Change, { type: T }>;

/** Of a change that can be judged only when what is planned before it is written, or what it depends on is locked. */
const LATER = Symbol('later');
type Verdict = Result | typeof LATER;

/** Decides what to write, one job after the other, as if each found what those before it leave. Does no I/O. */
export class Plan {
  readonly writes = new Writes();
  private readonly emails: EmailClaims;
  private readonly room: Facts['room'];

  constructor(private readonly facts: Facts) {
    this.emails = new EmailClaims(facts.emailOwners);
    this.room = new Map(facts.room);
  }

  /** What became of the same request before. */
  replay({ sellerId, claim, dryRun, isBulk = false }: Job): JobResult | undefined {
    const record = claim && !dryRun && this.facts.records.get(claimKey(sellerId, claim));
    if (!record) return undefined;
    if (!claim.fingerprint.equals(record.fingerprint)) return single({ status: 422, message: MESSAGES.keyReused });
    const isList = isBulk && Array.isArray(record.outcome);
    return { results: [record.outcome].flat().map((outcome) => ({ outcome })), isList, isReplay: true };
  }

  /** Has the outcome of a job stored, if a retry is to get it again (contract, "Safe changes"). */
  record({ sellerId, claim, dryRun }: Job, { results, isList }: JobResult): void {
    if (!claim || dryRun || !(isList || results.every(isRemembered))) return;
    const outcomes = results.map(({ outcome }) => outcome);
    const [outcome] = outcomes as [Outcome];
    const isWritten = !isList && outcome.id !== undefined && this.writes.rows.has(rowKey(sellerId, outcome.id));
    this.writes.record(sellerId, claim, isList ? outcomes : outcome, isWritten ? String(outcome.id) : null);
  }

  /** Judges changes of a job in their order, and stops before the first that has to come later. */
  add(job: Job, changes: Change[]): { results: Result[]; rest: Change[] } {
    const results: Result[] = [];
    for (const change of changes) {
      const verdict = this.judge(job, change);
      if (verdict === LATER) break;
      results.push(verdict);
    }
    return { results, rest: changes.slice(results.length) };
  }

  private judge(job: Job, change: Change): Verdict {
    if (change.type === 'create') return this.create(job, change);
    const key = rowKey(job.sellerId, change.id);
    const current = this.writes.find(key) ?? this.facts.rows.get(key);
    if (change.type === 'refuse')
      return failure({ status: 400, ...(current && { id: change.id }), message: change.message });
    if (current) return this.change(job, change, current);
    if (this.facts.held.has(key)) return failure({ status: 503, id: change.id, message: MESSAGES.unavailable });
    return failure({ status: 404, message: MESSAGES.unknown });
  }

  private create({ sellerId, origin }: Job, { customer }: ChangeOf<'create'>): Verdict {
    const room = this.room.get(sellerId) ?? Infinity;
    if (room === 'uncounted') return LATER;
    if (room <= 0) return failure({ status: 403, message: MESSAGES.limitReached });
    const email = this.emails.judge(customer);
    if (email === 'freed') return LATER;
    if (email === 'taken') return failure({ status: 409, message: MESSAGES.emailTaken });
    this.room.set(sellerId, room - 1);
    this.emails.claim(customer);
    this.writes.create(customer, historyEntry(customer, 'created', changesBetween(undefined, customer), origin));
    return { outcome: { status: 201, id: customer.id, version: customer.version }, customer };
  }

  private change(job: Job, change: Exclude<Change, ChangeOf<'create' | 'refuse'>>, current: Customer): Verdict {
    const { id, version } = current;
    const state = change.type === 'revert' ? this.facts.states.get(stateKey(change)) : undefined;
    if (change.type === 'revert' && !state && change.version !== version) {
      return failure({ status: 404, id, message: MESSAGES.unknownVersion });
    }
    const unmet = unmetPrecondition(job, current);
    if (unmet) return failure(unmet);
    if (change.type === 'delete') return this.delete(job, current);
    if (change.type === 'patch') return this.update(job, current, merge(current, change.patch), 'updated');
    return this.update(job, current, { ...current, ...state?.members }, 'reverted');
  }

  private update({ origin }: Job, current: Customer, members: Customer, type: HistoryType): Verdict {
    const { id } = current;
    const changes = changesBetween(current, members);
    if (isEmpty(changes)) return { outcome: { status: 200, id, version: current.version }, customer: current };
    if (changes.email) {
      const email = this.emails.judge(members);
      if (email === 'freed') return LATER;
      if (email === 'taken') return failure({ status: 409, id, message: MESSAGES.emailTaken });
      this.emails.free(current);
      this.emails.claim(members);
    }
    const version = current.version + 1;
    const next = { ...members, version };
    this.writes.update(current, next, historyEntry(next, type, changes, origin));
    return { outcome: { status: 200, id, version }, customer: next };
  }

  private delete({ origin }: Job, current: Customer): Verdict {
    this.emails.free(current);
    this.writes.delete(current, origin);
    return { outcome: { status: 204, id: current.id } };
  }
}

function failure(outcome: Outcome): Result {
  return { outcome };
}

/** If-Match comes first (RFC 9110, section 13.2.2). */
function unmetPrecondition({ ifMatch, ifNoneMatch }: Job, { id, version }: Customer): Outcome | undefined {
  const unmet = { status: 412 as const, id, version, older: [] };
  if (ifMatch === 'no strong tag') return { ...unmet, because: 'no_strong_tag' };
  if (ifMatch && ifMatch !== '*' && !ifMatch.includes(version)) {
    return { ...unmet, older: ifMatch.filter((other) => other < version) };
  }
  if (matchesWeakly(ifNoneMatch, `"${version}"`)) return { ...unmet, because: 'if_none_match' };
  return undefined;
}

const REMEMBERED = [200, 201, 404, 409, 412];

function isRemembered({ outcome }: Result): boolean {
  return REMEMBERED.includes(outcome.status);
}
