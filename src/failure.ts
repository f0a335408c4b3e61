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

/** What it says of a connection. The database is all that a start or a command connects to. */
const CONNECTION_PROBLEMS: Record<string, string> = {
  ECONNREFUSED: 'refuses the connection',
  ECONNRESET: 'has closed the connection',
  ENOENT: 'is not there',
  EACCES: 'may not be used: permission denied',
  ENOTFOUND: 'is not known: no server has this name',
  EAI_AGAIN: 'is not known: no server has this name, or names can not be looked up now',
  ETIMEDOUT: 'does not answer',
  EHOSTUNREACH: "can't be reached",
  ENETUNREACH: "can't be reached",
};

const DISK_FULL = 'What is printed can not be written: the disk is full.';

/** An output that fails is reported by who writes and by the output itself. */
const reported = new Set<string>();

/** Says on stderr why the process can't go on, a sentence a line and no stack, and makes its exit code 1. */
export function reportFailure(error: unknown): void {
  for (const sentence of sentencesOf(error)) {
    if (!reported.has(sentence)) printError(sentence);
    reported.add(sentence);
  }
  process.exitCode = 1;
}

interface SystemError extends NodeJS.ErrnoException {
  address?: string;
  port?: number;
  hostname?: string;
}

function sentencesOf(error: unknown): string[] {
  if (error instanceof ValidationException) return error.problem.errors.map(({ message }) => message);
  // A name with several addresses fails with an error for each and no message of its own.
  if (error instanceof AggregateError) return error.errors.flatMap(sentencesOf);
  const { code = '', path, syscall = '', address, port, hostname } = error as SystemError;
  if (/^(connect|getaddrinfo)$/.test(syscall) && CONNECTION_PROBLEMS[code]) {
    const place = [hostname ?? address, port].filter(Boolean).join(':');
    return [`The database at ${place} ${CONNECTION_PROBLEMS[code]}.`];
  }
  if (code === 'ENOSPC' && path === undefined) return [DISK_FULL];
  if (path !== undefined && FILE_PROBLEMS[code]) return [`"${path}" ${FILE_PROBLEMS[code]}.`];
  return [error instanceof Error && error.message ? error.message : String(error)];
}
