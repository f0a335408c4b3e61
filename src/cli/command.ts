import { printJson, printLine } from '../terminal';
import type { Services } from './services';

/** What the command line is called, in its help and where `npm link` installs it. */
export const COMMAND_NAME = 'customers-cli';

/** Ids for the examples. */
export const SELLER = '0199c3a4-5d2e-7c11-9a40-6f1d2b3c4d5e';
export const KEY = '0199c3a5-0b7f-7d02-8e51-7a2e3c4d5e6f';
export const CUSTOMER = '0199c3a6-1c80-7e13-9f62-8b3f4d5e6f70';
export const WEBHOOK = '0199c3a7-2d91-7f24-8a73-9c4f5e6f7081';
export const CURSOR = 'MTcxMjoyODo1NTBlODQwMC1lMjliLTQxZDQtYTcxNi00NDY2NTU0NDAwMDA6Nw';

/** The part of a help text that shows what to type. */
export function examples(...commands: string[]): string {
  return `\nExamples:\n${commands.map((command) => `  ${COMMAND_NAME} ${command}`).join('\n')}`;
}

export interface OutputOptions {
  json?: boolean;
}

/**
 * Runs a command and prints what it returns: with `--json` the object on one line, otherwise some lines for people. Errors
 * go to stderr, with exit code 1.
 */
export function run<T extends object>(
  { json }: OutputOptions,
  command: (services: Services) => Promise<T>,
  describe: (result: T) => string | string[],
): Promise<void> {
  return runQuietly(async (services) => {
    const result = await command(services);
    if (json) printJson(result);
    else [describe(result)].flat().forEach(printLine);
  });
}

/** The same for a command that prints by itself. */
export function runQuietly(command: (services: Services) => Promise<void>): Promise<void> {
  return reportingFailure(async () => {
    const { withServices } = await import('./services.js');
    await withServices(command);
  });
}

/** For a command that needs no database. */
export async function reportingFailure(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    const { reportFailure } = await import('../failure.js');
    reportFailure(error);
  }
}
