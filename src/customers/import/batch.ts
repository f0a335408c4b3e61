import type { EntityManager } from 'typeorm';
import { EmailConflictException } from '../email-conflict.exception';
import { emailKey } from './batches';
import { merge } from './merge';
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

/** Writes some records within a transaction, with a few statements. No two of them are of one customer. */
export class Batch {
  private readonly outcomes: Outcome[] = [];

  constructor(
    private readonly stored: StoredCustomers,
    private readonly transaction: EntityManager,
  ) {}

  async write(records: GoodRecord[]): Promise<Outcome[]> {
    let room = await this.stored.room(this.transaction);
    let left = records;
    // A customer whom somebody else has created between the look-up and the creation is found the next time.
    for (let attempt = 1; attempt <= ATTEMPTS && left.length > 0; attempt++) {
      const creations = await this.update(left);
      const allowed = creations.slice(0, room);
      this.refuse(creations.slice(room), 'Customer limit reached');
      left = await this.create(allowed);
      room -= allowed.length - left.length;
    }
    this.refuse(left, new EmailConflictException().message);
    return this.outcomes;
  }

  private refuse(records: GoodRecord[], problem: string): void {
    this.outcomes.push(...records.map((record) => failed(record, problem)));
  }

  /** Merges the records of existing customers. Returns those of others. */
  private async update(records: GoodRecord[]): Promise<GoodRecord[]> {
    const emails = records.map(({ members }) => emailKey(members));
    const found = await this.stored.find(emails, this.transaction);
    const existing = new Map(found.map((customer) => [emailKey(customer), customer]));
    const changed = [];
    const others = [];
    for (const record of records) {
      const customer = existing.get(emailKey(record.members));
      if (!customer) {
        others.push(record);
        continue;
      }
      const { next, differs } = merge(customer, record.members);
      if (differs) changed.push(next);
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
    const isCreated = ({ members }: GoodRecord) => created.has(emailKey(members));
    for (const { number } of records.filter(isCreated)) this.outcomes.push({ number, result: 'created' });
    return records.filter((record) => !isCreated(record));
  }
}
