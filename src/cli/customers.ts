import type { Command } from 'commander';
import { CustomersService } from '../customers/customers.service';
import { CreateCustomerDto } from '../customers/dto/create-customer.dto';
import { toCustomerDto } from '../customers/dto/customer.dto';
import { validate } from '../http/validation/validate';
import { SellersService } from '../sellers/sellers.service';
import { jsonObject, uuid } from './arguments';
import { addExportCommand } from './export';
import { addImportCommand } from './import';
import { type OutputOptions, run } from './run';

export function addCustomerCommands(program: Command): void {
  const customers = program.command('customers').description('the customers of sellers');

  customers
    .command('create')
    .requiredOption('--seller <id>', 'whose customer it is', uuid)
    .requiredOption('--first-name <name>')
    .requiredOption('--last-name <name>')
    .requiredOption('--email <address>')
    .option('--company-name <name>')
    .option('--legal-entity <form>')
    .option('--language <code>', 'en or de (de)')
    .option('--status <status>', 'active, inactive or suspended (active)')
    .option('--address-data <json>', 'an object with street, city, postal_code, country', jsonObject)
    .option('--postal-redirect-address <json>', 'the same, for forwarded mail', jsonObject)
    .option('--json', 'print one JSON object')
    .action(({ seller, json: asJson, ...options }: OutputOptions & { seller: string }) =>
      run(
        { json: asJson },
        async (services) => {
          const members = validate(CreateCustomerDto, inSnakeCase(options));
          await services.get(SellersService).get(seller);
          const { customer } = await services.get(CustomersService).create(seller, members, 'cli');
          return toCustomerDto(customer);
        },
        ({ id, email }) => `Created customer ${id} (${email}).`,
      ),
    );
  addImportCommand(customers);
  addExportCommand(customers);
}

/** Commander names options in camel case, the API its members in snake case. */
function inSnakeCase(options: object): object {
  const renamed = Object.entries(options).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value,
  ]);
  return Object.fromEntries(renamed);
}
