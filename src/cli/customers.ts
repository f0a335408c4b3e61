import type { Command } from 'commander';
import type { HistoryEntryDto } from '../customers/history/history.dto';
import { jsonObject, uuid } from './arguments';
import { addExportCommand } from './export';
import { CUSTOMER, examples, type OutputOptions, run, SELLER } from './command';
import { addImportCommand } from './import';

/** As many as a page of the API may hold. */
const HISTORY_PAGE = 100;

interface OneCustomerOptions extends OutputOptions {
  seller: string;
}

export function addCustomerCommands(program: Command): void {
  const customers = program
    .command('customers')
    .description('the customers of sellers')
    .addHelpText(
      'after',
      examples(
        `customers import --seller ${SELLER} customers.csv --dry-run`,
        `customers export --seller ${SELLER} --output customers.csv`,
        `customers history --seller ${SELLER} ${CUSTOMER}`,
      ),
    );
  addCreateCommand(customers);
  addShowCommand(customers);
  addHistoryCommand(customers);
  addImportCommand(customers);
  addExportCommand(customers);
}

function addCreateCommand(customers: Command): void {
  customers
    .command('create')
    .description('make a customer')
    .requiredOption('--seller <id>', 'whose customer it is', uuid)
    .requiredOption('--first-name <name>', 'at most 100 characters')
    .requiredOption('--last-name <name>', 'at most 100 characters')
    .requiredOption('--email <address>', 'unique among the customers of the seller')
    .option('--company-name <name>', 'at most 200 characters')
    .option('--legal-entity <form>', 'at most 100 characters, such as GmbH')
    .option('--language <code>', 'en or de (de)')
    .option('--status <status>', 'active, inactive or suspended (active)')
    .option('--address-data <json>', 'an object with street, city, postal_code, country', jsonObject)
    .option('--postal-redirect-address <json>', 'the same, for forwarded mail', jsonObject)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        `customers create --seller ${SELLER} --first-name Jane --last-name Doe --email jane@example.com \\\n` +
          `    --address-data '{"city": "Bonn", "country": "Germany"}'`,
      ),
    )
    .action(({ seller, json: asJson, ...options }: OneCustomerOptions) =>
      run(
        { json: asJson },
        async (services) => {
          const [{ validate }, { CreateCustomerDto }, { toCustomerDto }] = await Promise.all([
            import('../http/validation/validate.js'),
            import('../customers/dto/update-customer.dto.js'),
            import('../customers/dto/customer.dto.js'),
          ]);
          const members = validate(CreateCustomerDto, inSnakeCase(options));
          await services.sellers.get(seller);
          return services.withCustomers(async (customers) => {
            const { customer } = await customers.create(seller, members, 'cli');
            return toCustomerDto(customer);
          });
        },
        ({ id, email }) => `Created customer ${id} (${email}).`,
      ),
    );
}

function addShowCommand(customers: Command): void {
  customers
    .command('show')
    .description('print a customer as it is now')
    .argument('<customer id>', 'as in the answers of the API', uuid)
    .requiredOption('--seller <id>', 'whose customer it is', uuid)
    .option('--json', 'print one JSON object, as GET /api/customers/{id} answers it')
    .addHelpText('after', examples(`customers show --seller ${SELLER} ${CUSTOMER}`))
    .action((id: string, { seller, ...options }: OneCustomerOptions) =>
      run(
        options,
        async (services) => {
          await services.sellers.get(seller);
          const { toCustomerDto } = await import('../customers/dto/customer.dto.js');
          return toCustomerDto(await services.customer(seller, id));
        },
        (customer) => Object.entries(customer).flatMap(([name, value]) => linesOf(name, value)),
      ),
    );
}

function addHistoryCommand(customers: Command): void {
  customers
    .command('history')
    .description('print who changed what of a customer and when, newest first')
    .argument('<customer id>', 'as in the answers of the API', uuid)
    .requiredOption('--seller <id>', 'whose customer it is', uuid)
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples(`customers history --seller ${SELLER} ${CUSTOMER}`))
    .action((id: string, { seller, ...options }: OutputOptions & { seller: string }) =>
      run(
        options,
        async (services) => {
          await services.sellers.get(seller);
          const { toHistoryPageDto } = await import('../customers/history/history.dto.js');
          const history = await services.history();
          const data: HistoryEntryDto[] = [];
          let below: number | undefined;
          do {
            const page = await history.page(seller, id, HISTORY_PAGE, below);
            data.push(...toHistoryPageDto(page).data);
            below = page.next ?? undefined;
          } while (below !== undefined);
          return { data };
        },
        ({ data }) => data.flatMap(describeEntry),
      ),
    );
}

/** Each member on a line of its own; those of an address are joined to its name by a dot, as in the columns of a CSV file. */
function linesOf(name: string, value: string | object | null): string[] {
  if (value === null) return [`${name}: -`];
  if (typeof value === 'string') return [`${name}: ${value}`];
  return Object.entries(value).flatMap(([part, text]) => (text === undefined ? [] : [`${name}.${part}: ${text}`]));
}

/** Commander names options in camel case, the API its members in snake case. */
function inSnakeCase(options: object): object {
  const renamed = Object.entries(options).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  return Object.fromEntries(renamed);
}

function describeEntry({ version, type, created_at, actor, request_id, changes }: HistoryEntryDto): string[] {
  const by = actor.type === 'cli' ? 'the command line' : `the key ${JSON.stringify(actor.name)} (${actor.id})`;
  const request = request_id === null ? '' : `, request ${request_id}`;
  const members = Object.entries(changes).map(([name, change]) => {
    return `  ${name}: ${JSON.stringify(change.old)} -> ${JSON.stringify(change.new)}`;
  });
  return [`Version ${version}, ${created_at}: ${type} by ${by}${request}`, ...members];
}
