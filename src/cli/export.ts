import { createWriteStream } from 'node:fs';
import { realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { type Format, formatOf, FORMATS } from '../customers/import/format';
import { dataOutput, isTerminal, printError } from '../terminal';
import { uuid } from './arguments';
import { examples, reportingFailure, runQuietly, SELLER } from './command';
import type { Services } from './services';

interface ExportCommandOptions {
  seller: string;
  format?: Format;
  output?: string;
  force?: boolean;
  bom?: boolean;
}

const DETAILS = `
A file has another name until all of it is written, so one that fails leaves nothing behind. How many customers were
written is said on stderr. Data is as it is stored, on a terminal with control characters escaped: before you open the CSV
in a spreadsheet, mind that cells may begin with "=".`;

export function addExportCommand(customers: Command): void {
  customers
    .command('export')
    .description('write out all customers of a seller, oldest first')
    .requiredOption('--seller <id>', 'whose customers', uuid)
    .addOption(new Option('--format <format>', 'csv unless the name of the output says otherwise').choices(FORMATS))
    .option('--output <file>', 'where to write: a name that ends in .csv, .ndjson or .jsonl (stdout)')
    .option('--force', 'replace the file if it is there')
    .option('--bom', 'start the CSV with a byte order mark, for Excel')
    .addHelpText('after', DETAILS)
    .addHelpText(
      'after',
      examples(
        `customers export --seller ${SELLER} --output customers.csv --bom`,
        `customers export --seller ${SELLER} --format ndjson | jq .email`,
      ),
    )
    .action((options: ExportCommandOptions) => reportingFailure(() => exportCustomers(options)));
}

async function exportCustomers({
  seller,
  output,
  force = false,
  bom,
  ...options
}: ExportCommandOptions): Promise<void> {
  const format = options.format ?? (output === undefined ? 'csv' : formatOf(output));
  if (!format) throw new Error(`"${output}" does not end in .csv, .ndjson or .jsonl. Name it so, or add --format.`);
  if (bom && format !== 'csv') throw new Error('--bom is for CSV: NDJSON has no byte order mark.');
  const file = output === undefined ? undefined : await OutputFile.prepare(output, { force });
  await runQuietly((services) => writeTo(services, file, { seller, format, bom }));
}

async function writeTo(
  services: Services,
  file: OutputFile | undefined,
  { seller, format, bom }: { seller: string; format: Format; bom?: boolean },
): Promise<void> {
  let count = 0;
  const pieces = await (
    await services.customerExport()
  ).write(seller, format, {
    bom,
    forTerminal: !file && isTerminal(),
    onWritten: (more) => (count += more),
  });
  const isComplete = file ? await writeFile(pieces, file) : await print(pieces);
  if (isComplete) printError(`Exported ${count} ${count === 1 ? 'customer' : 'customers'}.`);
}

async function writeFile(pieces: AsyncIterable<string>, file: OutputFile): Promise<boolean> {
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  try {
    await file.write(pieces, interrupt.signal);
    return true;
  } catch (error) {
    throw interrupt.signal.aborted ? new Error('Interrupted: no file was written.') : error;
  }
}

/** Whether all of it was read. */
async function print(pieces: AsyncIterable<string>): Promise<boolean> {
  try {
    await pipeline(pieces, dataOutput(), { end: false });
    return true;
  } catch (error) {
    // Who reads has enough, such as `head`.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return false;
    throw error;
  }
}

/** A file that is written as a whole: until all of it is there, what was there before stays. */
class OutputFile {
  private constructor(
    private readonly path: string,
    private readonly force: boolean,
    private readonly mode?: number,
  ) {}

  /** @throws Error when there is a file already, unless it may be replaced, or something that is not a file. */
  static async prepare(path: string, { force }: { force: boolean }): Promise<OutputFile> {
    await requireFolderOf(path);
    const found = await find(path);
    if (!found) return new OutputFile(path, force);
    if (!found.isFile()) throw new Error(`"${path}" is not a file.`);
    if (!force) throw new Error(alreadyThere(path));
    return new OutputFile(await realpath(path), force, found.mode);
  }

  /** Writes beside the file first. Whatever fails, and when `signal` ends it, nothing of that is left. */
  async write(pieces: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
    const part = join(dirname(this.path), `.${basename(this.path)}.${process.pid}.part`);
    try {
      await pipeline(pieces, createWriteStream(part, { flags: 'wx', mode: this.mode, flush: true }), { signal });
      if (!this.force && (await find(this.path))) throw new Error(alreadyThere(this.path));
      await rename(part, this.path);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }
}

/** @throws Error that names the folder of a file to be written when there is no such folder. */
export async function requireFolderOf(path: string): Promise<void> {
  const folder = await stat(dirname(path));
  if (!folder.isDirectory()) throw new Error(`"${dirname(path)}" is not a folder.`);
}

function alreadyThere(path: string): string {
  return `"${path}" is already there. Add --force to replace it.`;
}

async function find(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
