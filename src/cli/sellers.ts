import { type Command, Option } from 'commander';
import type { ApiKey } from '../api-keys/api-key.entity';
import { type Scope, SCOPES } from '../api-keys/scopes';
import { futureTime, name, scopes, uuid, wholeNumber } from './arguments';
import { examples, KEY, type OutputOptions, run, SELLER } from './command';

interface CreateKeyOptions extends OutputOptions {
  seller: string;
  name: string;
  scopes?: Scope[];
  expiresAt?: Date;
}

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

export function addKeyCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description('the API keys of sellers')
    .addHelpText('after', examples(`keys create --seller ${SELLER} --name "CRM"`, `keys list --seller ${SELLER}`));

  keys
    .command('create')
    .description('make a key, which is shown only this once')
    .requiredOption('--seller <id>', 'whose key it is', uuid)
    .requiredOption('--name <name>', 'what uses the key', name)
    .addOption(
      new Option('--scopes <list>', 'comma-separated (customers:read,customers:write)')
        .choices(SCOPES)
        .argParser(scopes),
    )
    .option('--expires-at <time>', 'ISO 8601 (never)', futureTime)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        `keys create --seller ${SELLER} --name "CRM" --json`,
        `keys create --seller ${SELLER} --name "Audit" --scopes customers:read --expires-at 2030-01-01T00:00:00Z`,
      ),
    )
    .action((options: CreateKeyOptions) =>
      run(
        options,
        async (services) => {
          const { name, scopes, expiresAt } = options;
          return (await services.keys()).create(options.seller, { name, scopes, expires_at: expiresAt });
        },
        ({ id, key }) => [`Created key ${id}. This is the only time that it is shown:`, key],
      ),
    );

  keys
    .command('revoke')
    .description('refuse a key from the next request on')
    .argument('<key id>', 'the id, not the key itself', uuid)
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples(`keys revoke ${KEY}`))
    .action((id: string, options: OutputOptions) =>
      run(
        options,
        async (services) => (await services.keys()).revoke(id),
        (key) => `Revoked key ${key.id} (${key.name}).`,
      ),
    );

  keys
    .command('list')
    .description('print all keys of a seller, newest first')
    .requiredOption('--seller <id>', 'whose keys', uuid)
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples(`keys list --seller ${SELLER}`))
    .action((options: OutputOptions & { seller: string }) =>
      run(
        options,
        async (services) => ({ data: await (await services.keys()).listAll(options.seller) }),
        ({ data }) => (data.length > 0 ? data.map(describeKey) : 'The seller has no keys.'),
      ),
    );
}

function describeKey({ id, prefix, name, scopes, revoked_at, expires_at }: ApiKey): string {
  const end = revoked_at ? describeRevocation(revoked_at) : expires_at && `expires ${expires_at.toISOString()}`;
  return [id, `${prefix}…`, name, scopes.join(','), end].filter(Boolean).join('  ');
}

/** A rotated key may live on for a while. */
function describeRevocation(time: Date): string {
  return `${time <= new Date() ? 'revoked' : 'will be revoked'} ${time.toISOString()}`;
}
