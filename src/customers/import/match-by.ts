import type { EntityManager } from 'typeorm';
import { type Customer, emailKey } from '../customer.entity';
import { type Changes, changesBetween, isEmpty, merge } from '../merge';
import { EMAIL_TAKEN, failed, inRounds, type Outcome } from './batch-writer';
import type { StoredCustomers } from './import.repository';
import type { ChangeRecord, NewCustomerRecord } from './records';

/** How often to look for a customer that others keep creating and deleting. */
const ATTEMPTS = 4;

/** Writes some records, whose customers are found by their emails or else made, within a transaction. */
export class BatchByEmail {
  private readonly outcomes: Outcome[] = [];
  /** How many more customers the seller may have. */
  private remainingQuota = 0;

  constructor(
    private readonly stored: StoredCustomers,
    private readonly transaction: EntityManager,
  ) {}

  async write(records: NewCustomerRecord[]): Promise<Outcome[]> {
    this.remainingQuota = await this.stored.remainingQuota(this.transaction);
    for (const round of inRounds(records, ({ fields }) => emailKey(fields.email))) await this.writeRound(round);
    return this.outcomes;
  }

  /** A customer that others have created between the look-up and the creation is found the next time. */
  private async writeRound(records: NewCustomerRecord[]): Promise<void> {
    let left = records;
    for (let attempt = 1; attempt <= ATTEMPTS && left.length > 0; attempt++) {
      left = await this.create(this.admit(await this.update(left)));
    }
    this.refuse(left, EMAIL_TAKEN);
  }

  /** Returns the records that the limit of the seller allows. */
  private admit(records: NewCustomerRecord[]): NewCustomerRecord[] {
    this.refuse(records.slice(this.remainingQuota), 'the seller has as many customers as it may have');
    return records.slice(0, this.remainingQuota);
  }

  private refuse(records: NewCustomerRecord[], problem: string): void {
    this.outcomes.push(...records.map((record) => failed(record, problem)));
  }

  /** Merges the records of existing customers. Returns those of others. */
  private async update(records: NewCustomerRecord[]): Promise<NewCustomerRecord[]> {
    const emails = records.map(({ fields }) => emailKey(fields.email));
    const found = await this.stored.find('email', emails, this.transaction);
    const existing = new Map(found.map((customer) => [emailKey(customer.email), customer]));
    const changed = [];
    const others = [];
    for (const record of await this.withoutOthersIds(records, existing)) {
      const customer = existing.get(emailKey(record.fields.email));
      if (!customer) {
        others.push(record);
        continue;
      }
      const next = merge(customer, record.fields);
      const changes = changesBetween(customer, next);
      const differs = !isEmpty(changes);
      if (differs) changed.push({ next, changes });
      this.outcomes.push({ number: record.number, result: differs ? 'updated' : 'unchanged' });
    }
    await this.stored.update(changed, this.transaction);
    return others;
  }

  /**
   * Refuses a record whose id belongs to a customer with another email. Its email was then probably changed in an export,
   * and the import would create a second customer or change the wrong one. It ignores an id that the seller does not have,
   * as in an export of another seller.
   */
  private async withoutOthersIds(
    records: NewCustomerRecord[],
    existing: ReadonlyMap<string, Customer>,
  ): Promise<NewCustomerRecord[]> {
    const isDoubtful = ({ id, fields }: NewCustomerRecord) =>
      id !== undefined && existing.get(emailKey(fields.email))?.id !== id;
    const ids = records.filter(isDoubtful).map(({ id }) => id as string);
    const emails = await this.stored.emailsOf(ids, this.transaction);
    return records.filter((record) => {
      const email = isDoubtful(record) ? emails.get(record.id ?? '') : undefined;
      if (email === undefined) return true;
      const problem = `its id is that of the customer with the email ${JSON.stringify(email)}`;
      this.refuse([record], `${problem}; to change the email, add --match id`);
      return false;
    });
  }

  /** Returns the records of customers that others have created meanwhile. */
  private async create(records: NewCustomerRecord[]): Promise<NewCustomerRecord[]> {
    const created = await this.stored.create(
      records.map(({ fields }) => fields),
      this.transaction,
    );
    const isCreated = ({ fields }: NewCustomerRecord) => created.has(emailKey(fields.email));
    for (const { number } of records.filter(isCreated)) this.outcomes.push({ number, result: 'created' });
    this.remainingQuota -= created.size;
    return records.filter((record) => !isCreated(record));
  }
}

interface PlannedChange {
  record: ChangeRecord;
  current: Customer;
  next: Customer;
  changes: Changes;
}

/** Writes some records, whose customers are found by their ids, within a transaction. None is made. */
export class BatchById {
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
