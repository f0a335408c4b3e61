import type { EntityManager } from 'typeorm';
import { type Customer, emailKey } from '../customer.entity';
import { changesBetween, isEmpty, merge } from '../merge';
import { EMAIL_TAKEN, failed, inRounds, type Outcome } from './batch-writer';
import type { NewCustomerRecord } from './records';
import type { StoredCustomers } from './stored-customers';

/** How often to look for a customer that others keep creating and deleting. */
const ATTEMPTS = 4;

/** Writes some records, whose customers are found by their emails or else made, within a transaction. */
export class Batch {
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

  /** A customer whom somebody else has created between the look-up and the creation is found the next time. */
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
   * Refuses a record whose id belongs to a customer with another email. Somebody has then changed the email in an export,
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

  /** Returns the records of customers whom somebody else has created meanwhile. */
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
