import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { SellersService } from '../../sellers/sellers.service';
import { BatchWriter, failed, inBatches, type Outcome } from './batch-writer';
import { BatchByEmail, BatchById } from './match-by';
import { CustomerFile, type FileOptions } from './customer-file';
import {
  type ChangeRecord,
  checkChange,
  checkNewCustomer,
  type FileRecord,
  type GoodRecord,
  isBad,
  type NewCustomerRecord,
  type RawRecord,
} from './records';
import { DryRunCustomers, StoredCustomers } from './import.repository';

export interface ImportOptions extends FileOptions {
  /** Writes nothing, and reports the same. */
  dryRun: boolean;
  /** Ends the import after the batch under way. */
  signal: AbortSignal;
  /** Called for each bad record, in the order of the file, with the line in which it starts. */
  onFailure(line: number, problems: string[]): void;
  /** Called after each batch; the size is undefined when it is unknown. */
  onProgress(bytesRead: number, size?: number): void;
}

/** How many records there were of each kind. */
export interface ImportSummary {
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
  dry_run: boolean;
}

/** Everything up to this line was imported. */
class InterruptedImport extends Error {
  constructor(line: number, cause: Error) {
    const reason = cause.message.replace(/\.$/, '');
    super(`Stopped after line ${line}: ${reason}. Run the same import again to go on.`, { cause });
  }
}

/** How customers are found: what a record has to hold, and how some of them are written in a transaction. */
interface Matching<Good extends GoodRecord> {
  check(record: RawRecord): FileRecord<Good>;
  write(records: Good[], stored: StoredCustomers, transaction: EntityManager): Promise<Outcome[]>;
}

const BY_EMAIL: Matching<NewCustomerRecord> = {
  check: checkNewCustomer,
  write: (records, stored, transaction) => new BatchByEmail(stored, transaction).write(records),
};

const BY_ID: Matching<ChangeRecord> = {
  check: checkChange,
  write: (records, stored, transaction) => new BatchById(stored, transaction).write(records),
};

/**
 * Creates and updates the customers of a seller from a file. Each record has the fields of a new customer; where there
 * is one with its email already, in any letter case, it is a change (RFC 7396) of that one. Or else, if they are to be
 * matched by id, each record changes the customer with its id. So the same import may run again, after it was interrupted
 * or at any other time, and changes only what differs.
 */
@Injectable()
export class CustomerImport {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    private readonly sellers: SellersService,
  ) {}

  /**
   * @throws NotFoundException when there is no such seller.
   * @throws Error when the file can't be read as one of customers, or the database fails.
   */
  async run(sellerId: string, path: string, options: ImportOptions): Promise<ImportSummary> {
    const runner = this.database.createQueryRunner();
    try {
      const seller = await this.sellers.get(sellerId);
      const file = await CustomerFile.open(path, options);
      const stored = options.dryRun
        ? await DryRunCustomers.start(runner, seller, this.sellers)
        : new StoredCustomers(this.database.manager, seller, this.sellers);
      return await (options.match === 'id'
        ? importFile(file, BY_ID, stored, options)
        : importFile(file, BY_EMAIL, stored, options));
    } finally {
      await runner.release();
    }
  }
}

async function importFile<Good extends GoodRecord>(
  file: CustomerFile,
  { check, write }: Matching<Good>,
  stored: StoredCustomers,
  options: ImportOptions,
): Promise<ImportSummary> {
  const summary = { created: 0, updated: 0, unchanged: 0, failed: 0, dry_run: options.dryRun };
  const writer = new BatchWriter<Good>((records) => {
    return stored.transaction((transaction) => write(records, stored, transaction));
  });
  const batches = inBatches(checked(file.records(options), check));
  let lastLine = 0;
  try {
    let batch = await batches.next();
    while (!batch.done && !options.signal.aborted) {
      const [outcomes, next] = await both(writeBatch(batch.value, writer), batches.next());
      count(outcomes, summary, options);
      lastLine = batch.value.at(-1)?.number ?? lastLine;
      options.onProgress(file.bytesRead, file.size);
      batch = next;
    }
    return summary;
  } catch (error) {
    throw lastLine > 0 ? new InterruptedImport(lastLine, error as Error) : error;
  } finally {
    await batches.return(undefined);
  }
}

async function* checked<Good extends GoodRecord>(
  records: AsyncIterable<RawRecord>,
  check: (record: RawRecord) => FileRecord<Good>,
): AsyncGenerator<FileRecord<Good>> {
  for await (const record of records) yield check(record);
}

function count(outcomes: Outcome[], summary: ImportSummary, { onFailure }: ImportOptions): void {
  for (const { number, result, problems } of outcomes) {
    summary[result]++;
    if (problems) onFailure(number, problems);
  }
}

/** Waits for both, also when one fails. The next batch is read and checked while the database writes this one. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

async function writeBatch<Good extends GoodRecord>(
  records: FileRecord<Good>[],
  writer: BatchWriter<Good>,
): Promise<Outcome[]> {
  const good = records.filter((record): record is Good => !isBad(record));
  const written = await writer.write(good);
  const bad = records.filter(isBad).map((record) => failed(record, ...record.problems));
  return [...written, ...bad].sort((a, b) => a.number - b.number);
}
