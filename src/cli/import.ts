import type { INestApplicationContext } from '@nestjs/common';
import { type Command, InvalidArgumentError } from 'commander';
import { CustomerImport, type ImportSummary } from '../customers/import/customer-import';
import { formatOf } from '../customers/import/format';
import { uuid } from './arguments';
import { Progress } from './progress';
import { type OutputOptions, run } from './run';

interface ImportCommandOptions extends OutputOptions {
  seller: string;
  dryRun?: boolean;
}

const DETAILS = `
Each line has the members of a new customer; where the seller has a customer with its email already, in any letter case,
it is a change of that one, and only what differs is written. So the same import may run again at any time.

CSV: a header with first_name, last_name, email and any of company_name, legal_entity, language, status,
address_data.street, .city, .postal_code, .country and postal_redirect_address.street …, in any order. An absent column
leaves what is there. An empty cell clears it; an empty status counts as absent.
NDJSON: on each line an object, as in the body of POST /api/customers; null clears.
Of both, id, seller_id, source, created_at and updated_at are passed over, so that an export can be imported.

A bad line is reported on stderr, and the others are imported; the exit code is then 1.`;

export function addImportCommand(customers: Command): void {
  customers
    .command('import')
    .description('create and update customers from a file')
    .argument('<file>', 'its name ends in .csv, .ndjson or .jsonl', fileName)
    .requiredOption('--seller <id>', 'whose customers they are', uuid)
    .option('--dry-run', 'write nothing, and report the same')
    .option('--json', 'print one JSON object')
    .addHelpText('after', DETAILS)
    .action((file: string, options: ImportCommandOptions) =>
      run(options, (services) => importFile(services, file, options), describe),
    );
}

function fileName(text: string): string {
  if (formatOf(text)) return text;
  throw new InvalidArgumentError('Its name has to end in .csv, .ndjson or .jsonl.');
}

async function importFile(
  services: INestApplicationContext,
  file: string,
  { seller, dryRun = false }: ImportCommandOptions,
): Promise<ImportSummary> {
  const progress = new Progress();
  const interrupt = new AbortController();
  // A second one ends the process at once.
  process.once('SIGINT', () => interrupt.abort());
  try {
    const summary = await services.get(CustomerImport).run(seller, file, {
      dryRun,
      signal: interrupt.signal,
      onFailure: (line, problems) => problems.forEach((problem) => progress.print(`line ${line}: ${problem}`)),
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
