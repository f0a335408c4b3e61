import { Command } from 'commander';
import { version } from '../../package.json';
import { printError, printLine } from '../terminal';
import { addCompletionCommand } from './completion';
import { addCustomerCommands } from './customers';
import { addEventCommands } from './events';
import { COMMAND_NAME, examples } from './command';
import { addMigrateCommand } from './migrate';
import { addOpenApiCommand } from './openapi';
import { addKeyCommands, addSellerCommands } from './sellers';
import { addWebhookCommands } from './webhooks';

const DETAILS = `
It works on the database at DATABASE_URL, or on the embedded one while the service runs on it. Each command says with
--help what it takes. With --json a result is one JSON object on stdout; errors go to stderr, with exit code 1.`;

/** All commands. What a command works with is loaded when it runs, so that help and mistakes take no time. */
export function createProgram(): Command {
  const program = new Command(COMMAND_NAME)
    .description('Virtual Office Customers, for its operator')
    .version(version, '--version', 'print the version')
    .configureOutput({
      writeOut: (text) => linesOf(text).forEach(printLine),
      writeErr: (text) => linesOf(text).forEach(printError),
      // It repeats what was typed, in which a line break is none of the text's own.
      outputError: (text) =>
        text
          .trimEnd()
          .split(/\n(?=\(Did you mean )/)
          .forEach(printError),
    })
    .addHelpText('after', DETAILS)
    .addHelpText('after', examples('sellers create --name "Acme"', 'customers import --help'));
  addMigrateCommand(program);
  addSellerCommands(program);
  addKeyCommands(program);
  addCustomerCommands(program);
  addEventCommands(program);
  addWebhookCommands(program);
  addOpenApiCommand(program);
  addCompletionCommand(program);
  return program;
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}
