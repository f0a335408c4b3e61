import 'reflect-metadata';
import { Command } from 'commander';
import { loadConfig } from '../config/config';
import { migrate } from '../database/migrate';
import { findDatabase } from '../database/open';
import { reportFailure } from '../failure';
import { addCustomerCommands } from './customers';
import { addKeyCommands } from './keys';
import { addOpenApiCommand } from './openapi';
import { addSellerCommands } from './sellers';

const program = new Command('cli').description('Virtual Office Customers, for its operator');

program
  .command('migrate')
  .description('bring the database up to date')
  .action(async () => {
    const config = loadConfig();
    const done = await migrate(config.migrationDatabaseUrl ?? (await findDatabase(config)));
    console.log(done.length > 0 ? `Migrated: ${done.join(', ')}.` : 'The database is up to date.');
  });
addSellerCommands(program);
addKeyCommands(program);
addCustomerCommands(program);
addOpenApiCommand(program);

program.parseAsync().catch(reportFailure);
