import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { type Format, formatOf, FORMATS } from '../customers/import/format';
import { dataOutput, isTerminal, printError } from '../terminal';
import { uuid } from './arguments';
import { examples, SELLER } from './help';
import { OutputFile } from './output-file';
import { reportingFailure, runQuietly } from './run';
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
