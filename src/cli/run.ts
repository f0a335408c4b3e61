import { printJson, printLine } from '../terminal';
import type { Services } from './services';

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
