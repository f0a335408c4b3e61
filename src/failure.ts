import { ValidationException } from './http/errors';
import { printError } from './terminal';

/** Says on stderr why the process can't go on, a sentence a line and no stack, and makes its exit code 1. */
export function reportFailure(error: unknown): void {
  for (const sentence of sentencesOf(error)) printError(sentence);
  process.exitCode = 1;
}

function sentencesOf(error: unknown): string[] {
  if (error instanceof ValidationException) return error.problem.errors.map(({ message }) => message);
  // A name with several addresses fails with an error for each and no message of its own.
  if (error instanceof AggregateError) return error.errors.flatMap(sentencesOf);
  return [error instanceof Error && error.message ? error.message : String(error)];
}
