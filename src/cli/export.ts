import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { CustomerExport } from '../customers/export/customer-export';
import { type Format, formatOf, FORMATS } from '../customers/import/format';
import { uuid } from './arguments';
import { runQuietly } from './run';

interface ExportOptions {
  seller: string;
  format?: Format;
  output?: string;
}

export function addExportCommand(customers: Command): void {
  customers
    .command('export')
    .description('write out all customers of a seller, oldest first, as they are stored')
    .requiredOption('--seller <id>', 'whose customers', uuid)
    .addOption(new Option('--format <format>', 'csv unless the name of the output says otherwise').choices(FORMATS))
    .option('--output <file>', 'where to write (stdout)')
    .action(({ seller, output, format = formatOf(output ?? '') ?? 'csv' }: ExportOptions) =>
      runQuietly(async (services) => write(await services.get(CustomerExport).write(seller, format), output)),
    );
}

async function write(pieces: AsyncIterable<string>, output?: string): Promise<void> {
  try {
    if (output) await pipeline(pieces, createWriteStream(output));
    else await pipeline(pieces, process.stdout, { end: false });
  } catch (error) {
    // Who reads has enough, such as `head`.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
