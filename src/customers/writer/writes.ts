import type { NewHistoryEntry } from '../../history/history-entry';
import type { Claim } from '../../http/idempotency';
import type { Origin } from '../../http/origin';
import type { Customer } from '../customer.entity';
import type { Outcome } from './change';
import { rowKey } from '../rows';

/** The row of a customer as it is to be, and the version that it has to have before; 0 where there is none. */
interface RowWrite {
  op: 'create' | 'update';
  base_version: number;
  customer: Customer;
}

/** The end of a customer, and who brings it about. */
export interface Deletion {
  customer: Customer;
  origin: Origin;
}

/** What is to be known of a request when it comes again. */
export interface RecordWrite extends Pick<Claim, 'key' | 'method' | 'path'> {
  seller_id: string;
  /** In hexadecimal. */
  fingerprint: string;
  outcome: Outcome | Outcome[];
  /** The customer without whose write there is nothing to know. */
  customer_id: string | null;
}

/** What a plan is going to write: for each customer one row, however often it is changed, and all of its history. */
export class Writes {
  readonly rows = new Map<string, RowWrite>();
  readonly history: NewHistoryEntry[] = [];
  readonly records: RecordWrite[] = [];
  readonly deletions: Deletion[] = [];
  /** Every version that is planned, to be dated when it is written. */
  private readonly versions: Customer[] = [];
  /** Whether the unique index of emails may have to wait for others. */
  touchesEmails = false;
  /** Customers whose portal sessions end, as only active ones may have any. */
  readonly deactivated: Customer[] = [];

  get isEmpty(): boolean {
    return this.rows.size === 0 && this.records.length === 0 && this.deletions.length === 0;
  }

  /** A row as it is planned so far. */
  find(key: string): Customer | undefined {
    return this.rows.get(key)?.customer;
  }

  create(customer: Customer, entry: NewHistoryEntry): void {
    this.rows.set(rowKey(customer.seller_id, customer.id), { op: 'create', base_version: 0, customer });
    this.versions.push(customer);
    this.history.push(entry);
    this.touchesEmails = true;
  }

  update(current: Customer, next: Customer, entry: NewHistoryEntry): void {
    const key = rowKey(current.seller_id, current.id);
    const base_version = this.rows.get(key)?.base_version ?? current.version;
    this.rows.set(key, { op: 'update', base_version, customer: next });
    this.versions.push(next);
    this.history.push(entry);
    this.touchesEmails ||= next.email !== current.email;
    if (next.status !== current.status && next.status !== 'active') this.deactivated.push(next);
  }

  delete(customer: Customer, origin: Origin): void {
    this.deletions.push({ customer, origin });
  }

  /** Gives the versions of customers that were written the time at which the database wrote them, by `rowKey`. */
  date(times: ReadonlyMap<string, Date>): void {
    for (const version of this.versions) {
      const time = times.get(rowKey(version.seller_id, version.id));
      if (!time) continue;
      version.updated_at = time;
      if (version.version === 1) version.created_at = time;
    }
  }

  record(sellerId: string, claim: Claim, outcome: Outcome | Outcome[], customerId: string | null): void {
    const { key, method, path, fingerprint } = claim;
    const hex = fingerprint.toString('hex');
    this.records.push({ seller_id: sellerId, key, method, path, fingerprint: hex, outcome, customer_id: customerId });
  }
}
