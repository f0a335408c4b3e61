import { setTimeout as sleep } from 'node:timers/promises';
import { QueryFailedError } from 'typeorm';
import { CONSTRAINTS, violates } from '../../database/errors';

/** The result of a record. */
export interface Outcome {
  number: number;
  result: 'created' | 'updated' | 'unchanged' | 'failed';
  problems?: string[];
}

export function failed({ number }: { number: number }, ...problems: string[]): Outcome {
  return { number, result: 'failed', problems };
}

/** The problem of a record with the email of another customer. */
export const EMAIL_TAKEN = 'another customer has this email';

/** How often a record is tried that meets others who change the same customer, and how long to wait in between. */
const ATTEMPTS = 4;
const PAUSE_MS = 200;

/** SQLSTATE codes of what another transaction, or a time limit, does to some of the rows. */
const CONCURRENCY_ERRORS = /^(40001|40P01|55P03|57014)/;

/** Those, and the classes of errors in the values. With any other error, the rest would fare no better. */
const OF_SOME_ROWS = /^(22|23|40001|40P01|55P03|57014)/;

/** Writes batches of records, each in one transaction. */
export class BatchWriter<Good extends { number: number }> {
  /** `writeTogether` writes records in a transaction of their own. */
  constructor(private readonly writeTogether: (records: Good[]) => Promise<Outcome[]>) {}

  /**
   * A batch that fails is written in halves, so that in the end only the guilty record is left out.
   * @throws Error when the database fails for a reason that is not in the records.
   */
  async write(records: Good[]): Promise<Outcome[]> {
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

  private async writeOne(record: Good, attempt = 1): Promise<Outcome[]> {
    try {
      return await this.writeTogether([record]);
    } catch (error) {
      const problem = problemOf(requireOfSomeRows(error));
      if (attempt === ATTEMPTS) return [failed(record, problem)];
      await sleep(PAUSE_MS * attempt);
      return this.writeOne(record, attempt + 1);
    }
  }
}

/**
 * Small enough that a statement stays far below DATABASE_STATEMENT_TIMEOUT_MS, and that others hardly notice when they wait
 * for one of its rows.
 */
const SIZE = 250;

/** Records that are written in one transaction. */
export async function* inBatches<T>(records: AsyncIterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const record of records) {
    batch.push(record);
    if (batch.length < SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/**
 * Records that are written by one statement: no two of one customer, so that the later one finds what the other left.
 * `keyOf` tells customers apart.
 */
export function inRounds<T>(records: T[], keyOf: (record: T) => string): T[][] {
  const rounds: T[][] = [];
  const seen = new Map<string, number>();
  for (const record of records) {
    const key = keyOf(record);
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    (rounds[round] ??= []).push(record);
  }
  return rounds;
}

interface RowError {
  error: QueryFailedError;
  code: string;
}

function requireOfSomeRows(error: unknown): RowError {
  if (!(error instanceof QueryFailedError)) throw error;
  const { code } = error.driverError as { code?: string };
  if (!code || !OF_SOME_ROWS.test(code)) throw error;
  return { error, code };
}

function problemOf({ error, code }: RowError): string {
  if (violates(error, CONSTRAINTS.customerEmail)) return EMAIL_TAKEN;
  if (CONCURRENCY_ERRORS.test(code)) return 'somebody else is changing this customer; run the same import again';
  return `the database refuses it: ${error.message}`;
}
