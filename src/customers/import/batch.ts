import type { EntityManager } from 'typeorm';
import { EmailConflictException } from '../email-conflict.exception';
import { emailKey } from '../email-key';
import { changesBetween, isEmpty, merge } from '../writer/merge';
import { inRounds } from './batches';
import type { GoodRecord } from './records';
import type { StoredCustomers } from './stored-customers';

/** What became of a record. */
export interface Outcome {
  number: number;
  result: 'created' | 'updated' | 'unchanged' | 'failed';
  problems?: string[];
}

/** How often to look for a customer that others keep creating and deleting. */
const ATTEMPTS = 4;

export function failed({ number }: { number: number }, ...problems: string[]): Outcome {
  return { number, result: 'failed', problems };
}

/** Writes some records within a transaction, with a few statements. */
export class Batch {
  private readonly outcomes: Outcome[] = [];
  /** How many more customers the seller may have. */
  private room = 0;

  constructor(
    private readonly stored: StoredCustomers,
    private readonly transaction: EntityManager,
  ) {}

  async write(records: GoodRecord[]): Promise<Outcome[]> {
    this.room = await this.stored.room(this.transaction);
    for (const round of inRounds(records)) await this.writeRound(round);
    return this.outcomes;
  }

  /** A customer whom somebody else has created between the look-up and the creation is found the next time. */
  private async writeRound(records: GoodRecord[]): Promise<void> {
    let left = records;
    for (let attempt = 1; attempt <= ATTEMPTS && left.length > 0; attempt++) {
      left = await this.create(this.admit(await this.update(left)));
    }
    this.refuse(left, new EmailConflictException().message);
  }

  /** Returns the records for which there is room. */
  private admit(records: GoodRecord[]): GoodRecord[] {
    this.refuse(records.slice(this.room), 'Customer limit reached');
    return records.slice(0, this.room);
  }

  private refuse(records: GoodRecord[], problem: string): void {
    this.outcomes.push(...records.map((record) => failed(record, problem)));
  }

  /** Merges the records of existing customers. Returns those of others. */
  private async update(records: GoodRecord[]): Promise<GoodRecord[]> {
    const emails = records.map(({ members }) => emailKey(members.email));
    const found = await this.stored.find(emails, this.transaction);
    const existing = new Map(found.map((customer) => [emailKey(customer.email), customer]));
    const changed = [];
    const others = [];
    for (const record of records) {
      const customer = existing.get(emailKey(record.members.email));
      if (!customer) {
        others.push(record);
        continue;
      }
      const next = merge(customer, record.members);
      const changes = changesBetween(customer, next);
      const differs = !isEmpty(changes);
      if (differs) changed.push({ next, changes });
      this.outcomes.push({ number: record.number, result: differs ? 'updated' : 'unchanged' });
    }
    await this.stored.update(changed, this.transaction);
    return others;
  }

  /** Returns the records of customers whom somebody else has created meanwhile. */
  private async create(records: GoodRecord[]): Promise<GoodRecord[]> {
    const created = await this.stored.create(
      records.map(({ members }) => members),
      this.transaction,
    );
    const isCreated = ({ members }: GoodRecord) => created.has(emailKey(members.email));
    for (const { number } of records.filter(isCreated)) this.outcomes.push({ number, result: 'created' });
    this.room -= created.size;
    return records.filter((record) => !isCreated(record));
  }
}
