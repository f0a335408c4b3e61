import type { Command } from 'commander';
import { name, wholeNumber } from './arguments';
import { examples } from './help';
import { type OutputOptions, run } from './run';

export function addSellerCommands(program: Command): void {
  const sellers = program
    .command('sellers')
    .description('the accounts that own customers and keys')
    .addHelpText('after', examples('sellers create --name "Acme"', 'sellers list --json'));

  sellers
    .command('create')
    .description('make a seller')
    .requiredOption('--name <name>', 'what people call the seller', name)
    .option('--customer-limit <number>', 'how many customers the seller may have (any number)', wholeNumber)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples('sellers create --name "Acme"', 'sellers create --name "Trial" --customer-limit 100'),
    )
    .action((options: OutputOptions & { name: string; customerLimit?: number }) =>
      run(
        options,
        ({ sellers }) => sellers.create(options.name, options.customerLimit),
        (seller) => `Created seller ${seller.id} (${seller.name}).`,
      ),
    );

  sellers
    .command('list')
    .description('print all sellers, oldest first')
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples('sellers list', 'sellers list --json'))
    .action((options: OutputOptions) =>
      run(
        options,
        async ({ sellers }) => ({ data: await sellers.list() }),
        ({ data }) => (data.length > 0 ? data.map(({ id, name }) => `${id}  ${name}`) : 'There are no sellers.'),
      ),
    );
}
