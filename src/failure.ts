import { ValidationException } from './http/errors/errors';
import { printError } from './terminal';

/** What the operating system says of a file, in words. */
const FILE_PROBLEMS: Record<string, string> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be opened: permission denied',
  EPERM: 'may not be opened: permission denied',
  EROFS: 'is on a disk that is read-only',
  EISDIR: 'is a folder',
  ENOTDIR: 'is not in a folder',
};

/** Says on stderr why the process can't go on, a sentence a line and no stack, and makes its exit code 1. */
export function reportFailure(error: unknown): void {
  for (const sentence of sentencesOf(error)) printError(sentence);
  process.exitCode = 1;
}

function sentencesOf(error: unknown): string[] {
  if (error instanceof ValidationException) return error.problem.errors.map(({ message }) => message);
  // A name with several addresses fails with an error for each and no message of its own.
  if (error instanceof AggregateError) return error.errors.flatMap(sentencesOf);
  const { code = '', path } = error as NodeJS.ErrnoException;
  if (path !== undefined && FILE_PROBLEMS[code]) return [`"${path}" ${FILE_PROBLEMS[code]}.`];
  return [error instanceof Error && error.message ? error.message : String(error)];
}
