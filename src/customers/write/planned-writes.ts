import type { Origin } from '../../http/caller';
import { type Customer, customerKey } from '../customer.entity';
import type { NewHistoryEntry } from '../history/history.entity';
import type { NewIdempotencyRecord } from './idempotency.repository';

/** A row as it is to be, and the version that it has to have before; 0 if the customer is new. */
export interface RowWrite {
  op: 'create' | 'update';
  base_version: number;
  customer: Customer;
}

export interface Deletion {
  customer: Customer;
  origin: Origin;
}

/** What is to be written: one row for each customer, however often it is changed, and all of its history. */
export class PlannedWrites {
  /** By `customerKey`. */
  readonly rows = new Map<string, RowWrite>();
  readonly history: NewHistoryEntry[] = [];
  readonly records: NewIdempotencyRecord[] = [];
  readonly deletions: Deletion[] = [];
  /** Whether the unique index of emails may have to wait for other transactions. */
  setsEmails = false;
  /** Customers whose portal sessions end, as only active ones may have any. */
  readonly deactivated: Customer[] = [];
  private readonly versions: Customer[] = [];

  create(customer: Customer, entry: NewHistoryEntry): void {
    this.rows.set(customerKey(customer.seller_id, customer.id), { op: 'create', base_version: 0, customer });
    this.versions.push(customer);
    this.history.push(entry);
    this.setsEmails = true;
  }

  update(current: Customer, next: Customer, entry: NewHistoryEntry): void {
    const key = customerKey(current.seller_id, current.id);
    const { op, base_version } = this.rows.get(key) ?? { op: 'update', base_version: current.version };
    this.rows.set(key, { op, base_version, customer: next });
    this.versions.push(next);
    this.history.push(entry);
    this.setsEmails ||= next.email !== current.email;
    if (next.status !== current.status && next.status !== 'active') this.deactivated.push(next);
  }

  /** Gives the written versions of customers the times that the database set, by `customerKey`. */
  setTimes(times: ReadonlyMap<string, Date>): void {
    for (const version of this.versions) {
      const time = times.get(customerKey(version.seller_id, version.id));
      if (!time) continue;
      version.updated_at = time;
      if (version.version === 1) version.created_at = time;
    }
  }
}
