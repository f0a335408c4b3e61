import type { ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { ValidationException } from '../../http/errors';
import { validate } from '../../http/validation/validate';
import { CreateCustomerDto } from '../dto/create-customer.dto';
import { SERVER_MEMBERS } from './columns';
import { readCsv } from './csv';
import { type Format, formatOf } from './format';
import { type Line, readLines } from './lines';
import { readNdjson } from './ndjson';

/** What a record of a file says, by the line in which it starts, or why it can't be read. */
export type RawRecord = { number: number; value: unknown } | { number: number; problem: string };

/** A record that is a customer. */
export interface GoodRecord {
  number: number;
  members: CreateCustomerDto;
}

/** A record that is not, with a sentence for everything that is wrong with it. */
export interface BadRecord {
  number: number;
  problems: string[];
}

export type FileRecord = GoodRecord | BadRecord;

export function isGood(record: FileRecord): record is GoodRecord {
  return 'members' in record;
}

export function isBad(record: FileRecord): record is BadRecord {
  return 'problems' in record;
}

const READERS: Record<Format, (lines: AsyncGenerator<Line>) => AsyncGenerator<RawRecord>> = {
  csv: readCsv,
  ndjson: readNdjson,
};

/** A file of customers, read record by record. */
export class CustomerFile {
  private constructor(
    readonly size: number,
    private readonly stream: ReadStream,
    private readonly format: Format,
  ) {}

  /** @throws Error when there is no such file, or its name stands for no format. */
  static async open(path: string): Promise<CustomerFile> {
    const format = formatOf(path);
    if (!format) throw new Error('The name of the file has to end in .csv, .ndjson or .jsonl.');
    const file = await open(path);
    const { size } = await file.stat();
    return new CustomerFile(size, file.createReadStream(), format);
  }

  get bytesRead(): number {
    return this.stream.bytesRead;
  }

  /** @throws Error before the first record when the header is not one of customers. */
  async *records(): AsyncGenerator<FileRecord> {
    try {
      for await (const record of READERS[this.format](readLines(this.stream))) yield check(record);
    } finally {
      this.stream.destroy();
    }
  }
}

function check(record: RawRecord): FileRecord {
  const { number } = record;
  if ('problem' in record) return { number, problems: [record.problem] };
  try {
    return { number, members: validate(CreateCustomerDto, withoutServerMembers(record.value)) };
  } catch (error) {
    if (!(error instanceof ValidationException)) throw error;
    return { number, problems: error.problem.errors.map(({ message }) => message) };
  }
}

function withoutServerMembers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !SERVER_MEMBERS.includes(name)));
}
