import { type Command, Option } from 'commander';
import type { ImportSummary } from '../customers/import/customer-import';
import { type Format, formatOf, FORMATS } from '../customers/import/format';
import { columnMapping, uuid } from './arguments';
import { examples, type OutputOptions, reportingFailure, run, SELLER } from './command';
import { Progress } from './progress';
import type { Services } from './services';

interface ImportCommandOptions extends OutputOptions {
  seller: string;
  format?: Format;
  encoding?: string;
  map?: ReadonlyMap<string, string>;
  ignoreUnknown?: boolean;
  match: 'email' | 'id';
  dryRun?: boolean;
}

const DETAILS = `
Each line has the members of a new customer; where the seller has a customer with its email already, in any letter case,
it is a change of that one, and only what differs is written. So the same import may run again at any time. With
--match id each line changes the customer with its id, its email too, and none is made.

CSV: a header with first_name, last_name, email and any of company_name, legal_entity, language, status,
address_data.street, .city, .postal_code, .country and postal_redirect_address.street …, in any order; letter case,
blanks, "-" and "_" do not matter. A column, or a cell at the end, that is not there leaves what is there. An empty cell
clears it; an empty status counts as absent. The separator is the header's, or that of a line "sep=;" before it.
NDJSON: on each line an object, as in the body of POST /api/customers; null clears.
Of both, id, seller_id, source, created_at and updated_at are ignored, so that an export can be imported.

What is wrong with a line is said on stderr, and the others are imported; the exit code is then 1.`;

export function addImportCommand(customers: Command): void {
  customers
    .command('import')
    .description('create and update customers from a file')
    .argument('<file>', 'a file, or - for standard input')
    .requiredOption('--seller <id>', 'whose customers they are', uuid)
    .addOption(new Option('--format <format>', 'what the name of the file says, or else this').choices(FORMATS))
    .option('--encoding <name>', 'of the text, such as windows-1252 (what its byte order mark says, or utf-8)')
    .option('--map <column=name>', 'a column of the file that is another one here; repeatable', columnMapping)
    .option('--ignore-unknown', 'ignore columns that are unknown')
    .addOption(new Option('--match <member>', 'by what customers are found').choices(['email', 'id']).default('email'))
    .option('--dry-run', 'write nothing, and report the same')
    .option('--json', 'print one JSON object')
    .addHelpText('after', DETAILS)
    .addHelpText(
      'after',
      examples(
        `customers import --seller ${SELLER} customers.csv --dry-run`,
        `customers import --seller ${SELLER} outlook.csv --encoding windows-1252 --map "E-mail Address=email" --ignore-unknown`,
        `customers import --seller ${SELLER} --format ndjson - < customers.json`,
      ),
    )
    .action((file: string, options: ImportCommandOptions) =>
      reportingFailure(async () => {
        requireFormat(file, options);
        await run(options, (services) => importFile(services, file, options), describe);
      }),
    );
}

function requireFormat(file: string, { format = formatOf(file), map, ignoreUnknown }: ImportCommandOptions): void {
  if (file === '-' && !format) throw new Error('Standard input has no name that says what it is: add --format.');
  if (!format) throw new Error(`"${file}" does not end in .csv, .ndjson or .jsonl. Name it so, or add --format.`);
  if (format === 'csv' || (!map && !ignoreUnknown)) return;
  throw new Error('--map and --ignore-unknown are for CSV: NDJSON has no header.');
}

async function importFile(
  services: Services,
  file: string,
  { seller, dryRun = false, ...options }: ImportCommandOptions,
): Promise<ImportSummary> {
  const progress = new Progress();
  const interrupt = new AbortController();
  // A second one ends the process at once.
  process.once('SIGINT', () => interrupt.abort());
  try {
    const summary = await (
      await services.customerImport({ dryRun })
    ).run(seller, file, {
      ...options,
      dryRun,
      signal: interrupt.signal,
      onIgnored: (names) => progress.print(`Ignored columns: ${names.map((name) => JSON.stringify(name)).join(', ')}.`),
      onFailure: (line, problems) => progress.print(`Line ${line}: ${problems.join('; ')}.`),
      onProgress: (bytes, size) => progress.update(bytes, size),
    });
    if (interrupt.signal.aborted) progress.print('Interrupted. Run the same import again to go on.');
    if (interrupt.signal.aborted || summary.failed > 0) process.exitCode = 1;
    return summary;
  } finally {
    progress.stop();
  }
}

function describe({ created, updated, unchanged, failed, dry_run }: ImportSummary): string {
  const counts = `${created} created, ${updated} updated, ${unchanged} unchanged, ${failed} failed.`;
  return dry_run ? `Nothing was written. It would be: ${counts}` : `Customers: ${counts}`;
}
