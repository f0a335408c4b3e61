import type { Command } from 'commander';
import { SellersService } from '../sellers/sellers.service';
import { name, wholeNumber } from './arguments';
import { type OutputOptions, run } from './run';

export function addSellerCommands(program: Command): void {
  const sellers = program.command('sellers').description('the accounts that own customers and keys');

  sellers
    .command('create')
    .requiredOption('--name <name>', 'what people call the seller', name)
    .option('--customer-limit <number>', 'how many customers the seller may have (any number)', wholeNumber)
    .option('--json', 'print one JSON object')
    .action((options: OutputOptions & { name: string; customerLimit?: number }) =>
      run(
        options,
        (services) => services.get(SellersService).create(options.name, options.customerLimit),
        (seller) => `Created seller ${seller.id} (${seller.name}).`,
      ),
    );

  sellers
    .command('list')
    .option('--json', 'print one JSON object')
    .action((options: OutputOptions) =>
      run(
        options,
        async (services) => ({ data: await services.get(SellersService).list() }),
        ({ data }) => data.map(({ id, name }) => `${id}  ${name}`).join('\n') || 'There are no sellers.',
      ),
    );
}
