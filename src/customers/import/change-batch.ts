import type { EntityManager } from 'typeorm';
import { type Customer, emailKey } from '../customer.entity';
import { type Changes, changesBetween, isEmpty, merge } from '../merge';
import { EMAIL_TAKEN, failed, inRounds, type Outcome } from './batch-writer';
import type { ChangeRecord } from './records';
import type { StoredCustomers } from './stored-customers';

interface PlannedChange {
  record: ChangeRecord;
  current: Customer;
  next: Customer;
  changes: Changes;
}

/** Writes some records, whose customers are found by their ids, within a transaction. None is made. */
export class ChangeBatch {
  private readonly outcomes: Outcome[] = [];

  constructor(
    private readonly stored: StoredCustomers,
    private readonly transaction: EntityManager,
  ) {}

  async write(records: ChangeRecord[]): Promise<Outcome[]> {
    for (const round of inRounds(records, ({ id }) => id)) {
      for (let left = round; left.length > 0;) left = await this.writeRound(left);
    }
    return this.outcomes;
  }

  /** Returns the records that want an email which another one of this round has given up: their turn comes after it. */
  private async writeRound(records: ChangeRecord[]): Promise<ChangeRecord[]> {
    const planned = await this.plan(records);
    const holders = await this.holdersOfNewEmails(planned);
    const isGivenUp = ({ id }: Customer, taker: PlannedChange) =>
      planned.some(({ current, next, record }) => {
        return current.id === id && record.number < taker.record.number && hasNewEmail({ current, next });
      });
    const ready: PlannedChange[] = [];
    const deferred: ChangeRecord[] = [];
    for (const change of planned) {
      const holder = holders.get(emailKey(change.next.email));
      if (!holder || holder.id === change.current.id) ready.push(change);
      else if (isGivenUp(holder, change)) deferred.push(change.record);
      else this.outcomes.push(failed(change.record, EMAIL_TAKEN));
    }
    const changed = ready.filter(({ changes }) => !isEmpty(changes));
    await this.stored.update(changed, this.transaction);
    for (const { record, changes } of ready) {
      this.outcomes.push({ number: record.number, result: isEmpty(changes) ? 'unchanged' : 'updated' });
    }
    return deferred;
  }

  private async plan(records: ChangeRecord[]): Promise<PlannedChange[]> {
    const ids = records.map(({ id }) => id);
    const found = await this.stored.find('id', ids, this.transaction);
    const existing = new Map(found.map((customer) => [customer.id, customer]));
    return records.flatMap((record) => {
      const current = existing.get(record.id);
      if (!current) {
        this.outcomes.push(failed(record, 'the seller has no customer with this id'));
        return [];
      }
      const next = merge(current, record.fields);
      return [{ record, current, next, changes: changesBetween(current, next) }];
    });
  }

  private async holdersOfNewEmails(planned: PlannedChange[]): Promise<Map<string, Customer>> {
    const emails = planned.filter(hasNewEmail).map(({ next }) => emailKey(next.email));
    if (emails.length === 0) return new Map();
    const found = await this.stored.find('email', emails, this.transaction);
    return new Map(found.map((customer) => [emailKey(customer.email), customer]));
  }
}

function hasNewEmail({ current, next }: Pick<PlannedChange, 'current' | 'next'>): boolean {
  return emailKey(next.email) !== emailKey(current.email);
}
