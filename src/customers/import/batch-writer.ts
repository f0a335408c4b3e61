import { setTimeout as sleep } from 'node:timers/promises';
import { QueryFailedError } from 'typeorm';
import { Batch, failed, type Outcome } from './batch';
import type { GoodRecord } from './records';
import type { StoredCustomers } from './stored-customers';

/** How often a record is tried that meets others who change the same customer, and how long to wait in between. */
const ATTEMPTS = 4;
const PAUSE_MS = 200;

/**
 * SQLSTATE classes and codes of errors that are about some of the rows alone. 22, 23: the values; 40001, 40P01, 55P03,
 * 57014: another transaction or a time limit. With any other, the rest would fare no better.
 */
const OF_SOME_ROWS = /^(22|23|40001|40P01|55P03|57014)/;

/** Writes batches of records, each in one transaction. */
export class BatchWriter {
  constructor(private readonly stored: StoredCustomers) {}

  /**
   * A batch that fails is written in halves, so that in the end only the guilty record is left out.
   * @throws Error when the database fails for a reason that is not in the records.
   */
  async write(records: GoodRecord[]): Promise<Outcome[]> {
    const [first, ...others] = records;
    if (!first) return [];
    if (others.length === 0) return this.writeOne(first);
    try {
      return await this.writeTogether(records);
    } catch (error) {
      requireOfSomeRows(error);
      const half = Math.ceil(records.length / 2);
      return [...(await this.write(records.slice(0, half))), ...(await this.write(records.slice(half)))];
    }
  }

  private async writeOne(record: GoodRecord, attempt = 1): Promise<Outcome[]> {
    try {
      return await this.writeTogether([record]);
    } catch (error) {
      const { message } = requireOfSomeRows(error);
      if (attempt === ATTEMPTS) return [failed(record, message)];
      await sleep(PAUSE_MS * attempt);
      return this.writeOne(record, attempt + 1);
    }
  }

  private writeTogether(records: GoodRecord[]): Promise<Outcome[]> {
    return this.stored.transaction((transaction) => new Batch(this.stored, transaction).write(records));
  }
}

function requireOfSomeRows(error: unknown): QueryFailedError {
  if (!(error instanceof QueryFailedError)) throw error;
  const { code } = error.driverError as { code?: string };
  if (!code || !OF_SOME_ROWS.test(code)) throw error;
  return error;
}
