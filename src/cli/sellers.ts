import type { Command } from 'commander';
import { SellersService } from '../sellers/sellers.service';
import { name } from './arguments';
import { type OutputOptions, run } from './run';

export function addSellerCommands(program: Command): void {
  const sellers = program.command('sellers').description('the accounts that own customers and keys');

  sellers
    .command('create')
    .requiredOption('--name <name>', 'what people call the seller', name)
    .option('--json', 'print one JSON object')
    .action((options: OutputOptions & { name: string }) =>
      run(
        options,
        (services) => services.get(SellersService).create(options.name),
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
