import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config';
import { Statements } from '../../database/statements';
import { SellersService } from '../../sellers/sellers.service';
import { CustomerWriter } from '../write/customer-writer';
import { BatchWriter, failed, type Outcome } from './batch-writer';
import { CustomerFile, type FileOptions } from './customer-file';
import { DryRun } from './dry-run';
import { checkRecord, type FileRecord, type RawRecord } from './records';

/**
 * Small enough that a statement stays far below DATABASE_STATEMENT_TIMEOUT_MS, and that others hardly notice when they wait
 * for one of its rows.
 */
const BATCH_SIZE = 250;

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

/**
 * Creates and updates the customers of a seller from a file. Each record has the fields of a new customer; where there
 * is one with its email already, in any letter case, it is a change (RFC 7396) of that one. Or else, if they are to be
 * matched by id, each record changes the customer with its id. So the same import may run again, after it was interrupted
 * or at any other time, and changes only what differs.
 */
@Injectable()
export class CustomerImport {
  constructor(
    private readonly sellers: SellersService,
    private readonly statements: Statements,
    private readonly config: Config,
  ) {}

  /**
   * @throws NotFoundException when there is no such seller.
   * @throws Error when the file can't be read as one of customers, or the database fails.
   */
  async run(sellerId: string, path: string, options: ImportOptions): Promise<ImportSummary> {
    await this.sellers.get(sellerId);
    const file = await CustomerFile.open(path, options);
    const lockTimeoutMs = this.config.databaseLockTimeoutMs;
    if (!options.dryRun) {
      const writer = new CustomerWriter(this.statements);
      const batches = new BatchWriter(sellerId, (request) => writer.writeSeparately(request, lockTimeoutMs));
      return importFile(file, batches, options);
    }
    return this.statements.withConnection(async (connection) => {
      const dryRun = await DryRun.start(connection, sellerId);
      const writer = new CustomerWriter(connection);
      const batches = new BatchWriter(sellerId, async (request) => {
        await dryRun.copy(request);
        return writer.writeSeparately(request, lockTimeoutMs);
      });
      return importFile(file, batches, options);
    });
  }
}

async function importFile(file: CustomerFile, writer: BatchWriter, options: ImportOptions): Promise<ImportSummary> {
  const summary = { created: 0, updated: 0, unchanged: 0, failed: 0, dry_run: options.dryRun };
  const batches = inBatches(file.records(options), options.match);
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

/** Checked records that are written in one transaction. */
async function* inBatches(
  records: AsyncIterable<RawRecord>,
  match: ImportOptions['match'],
): AsyncGenerator<FileRecord[]> {
  let batch: FileRecord[] = [];
  for await (const record of records) {
    batch.push(checkRecord(record, match));
    if (batch.length < BATCH_SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
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

async function writeBatch(records: FileRecord[], writer: BatchWriter): Promise<Outcome[]> {
  const written = await writer.write(records.filter((record) => 'change' in record));
  const bad = records.filter((record) => 'problems' in record).map((record) => failed(record, ...record.problems));
  return [...written, ...bad].sort((a, b) => a.number - b.number);
}
