import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError } from 'pg';
import { OverloadedError } from '../../database/errors';
import type { CustomerErrorCode } from '../customer.errors';
import {
  type ChangeResult,
  COMMAND_LINE_OPTIONS,
  isFailure,
  type WriteRequest,
  type WriteResult,
} from '../write/write-request';
import type { GoodRecord } from './records';

/** The result of a record. */
export interface Outcome {
  number: number;
  result: 'created' | 'updated' | 'unchanged' | 'failed';
  problems?: string[];
}

export function failed({ number }: { number: number }, ...problems: string[]): Outcome {
  return { number, result: 'failed', problems };
}

const HELD_BY_OTHERS = 'somebody else is changing this customer; run the same import again';

/** Why a record was not written, in words for a person who has the file. */
const PROBLEMS: Partial<Record<CustomerErrorCode, string>> = {
  email_taken: 'another customer has this email',
  limit_reached: 'the seller has as many customers as it may have',
  not_found: 'the seller has no customer with this id',
  unavailable: HELD_BY_OTHERS,
};

/** How often a record is tried whose customer others hold, and how long to wait in between. */
const ATTEMPTS = 4;
const PAUSE_MS = 200;

/** SQLSTATE codes of what other transactions, or a time limit, do to some rows; and classes of errors in their values. */
const OF_OTHERS = /^(40001|40P01|55P03|57014)/;
const OF_VALUES = /^2[23]/;

/** Writes records of a file: many as the changes of one request. */
export class BatchWriter {
  /** `carryOut` has the writer carry out a request. */
  constructor(
    private readonly sellerId: string,
    private readonly carryOut: (request: WriteRequest) => Promise<WriteResult>,
  ) {}

  /**
   * @returns the outcomes, not in the order of the records.
   * @throws Error when the database fails for a reason that is not in the records.
   */
  async write(records: GoodRecord[], attempt = 1): Promise<Outcome[]> {
    const outcomes = await this.writeOnce(records);
    const held = records.filter((_, index) => isHeld(outcomes[index] as Outcome));
    if (held.length === 0 || attempt === ATTEMPTS) return outcomes;
    await sleep(PAUSE_MS * attempt);
    return [...outcomes.filter((outcome) => !isHeld(outcome)), ...(await this.write(held, attempt + 1))];
  }

  /** A batch that fails is written in halves, so that in the end only the guilty record is left out. */
  private async writeOnce(records: GoodRecord[]): Promise<Outcome[]> {
    const [first, ...others] = records;
    if (!first) return [];
    const changes = records.map(({ change }) => change);
    try {
      const request = { ...COMMAND_LINE_OPTIONS, sellerId: this.sellerId, changes, isBulk: true };
      const { results } = await this.carryOut(request);
      return records.map((record, index) => outcomeOf(record, results[index] as ChangeResult));
    } catch (error) {
      const problem = problemOf(error);
      if (problem === undefined) throw error;
      if (others.length === 0) return [failed(first, problem)];
      const half = Math.ceil(records.length / 2);
      return [...(await this.writeOnce(records.slice(0, half))), ...(await this.writeOnce(records.slice(half)))];
    }
  }
}

function isHeld({ problems }: Outcome): boolean {
  return problems?.[0] === HELD_BY_OTHERS;
}

function outcomeOf(record: GoodRecord, { outcome, customer, isUnchanged }: ChangeResult): Outcome {
  const { number } = record;
  if (!isFailure(outcome)) {
    return { number, result: outcome.status === 201 ? 'created' : isUnchanged ? 'unchanged' : 'updated' };
  }
  if (outcome.code !== 'other_email') return failed(record, PROBLEMS[outcome.code] ?? outcome.code);
  const problem = `its id is that of the customer with the email ${JSON.stringify(customer?.email)}`;
  return failed(record, `${problem}; to change the email, add --match id`);
}

/** What is wrong with a record; undefined when the error is not of some rows, so that the rest would fare no better. */
function problemOf(error: unknown): string | undefined {
  if (error instanceof OverloadedError) return HELD_BY_OTHERS;
  const { code = '', message } = error instanceof DatabaseError ? error : { message: '' };
  if (OF_OTHERS.test(code)) return HELD_BY_OTHERS;
  return OF_VALUES.test(code) ? `the database refuses it: ${message}` : undefined;
}
