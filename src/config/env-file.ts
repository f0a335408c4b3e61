import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { typosBetween } from '../spelling';
import { printError } from '../terminal';

/** Names from this length on may have two typos. A shorter name is too close to other words. */
const LONG_NAME = 8;

/** A value in quotes, which may go on over lines. */
const QUOTED = /=[ \t]*(["'`])[^]*?\1/g;

/** A name at the start of a line that sets nothing. What follows may be secret. */
const WITHOUT_VALUE = /^[ \t]*([A-Z][A-Z_]*)(?=\s|$)(?![^\n]*=)/gm;

/** Byte order marks. An editor on Windows may begin a file with one, and PowerShell writes UTF-16. */
const ENCODINGS = { 'utf-16le': [0xff, 0xfe], 'utf-16be': [0xfe, 0xff] };

/**
 * Adds the variables of the `.env` file in the working directory, if there is one, to those that are not set yet.
 * @throws Error when it can't be read, or a variable is not valid text.
 */
export function loadEnvFile(): void {
  const text = decode(readEnvFile());
  const variables = Object.entries(parseEnv(text));
  for (const [name, value = ''] of variables) {
    requireText(name, value);
    process.env[name] ??= value;
  }
  for (const [, name] of text.replaceAll(QUOTED, '=').matchAll(WITHOUT_VALUE)) {
    printError(`The file .env in the working directory has a line without "=", which has no effect: ${name}`);
  }
}

/** The value is not repeated: it may be secret. A NUL is half of a character of UTF-16 without a byte order mark. */
function requireText(name: string, value: string): void {
  if (!/[\0\uFFFD]/.test(name + value)) return;
  const place = /^\w+$/.test(name) ? ` (${name})` : '';
  throw new Error(`The file .env in the working directory is not valid UTF-8${place}: save it as UTF-8.`);
}

/** A sentence for each variable whose name is a typo away from that of a setting. */
export function findMisspelt(variables: string[], settings: string[]): string[] {
  return variables
    .filter((variable) => !settings.includes(variable))
    .flatMap((variable) => {
      const meant = settings.find((setting) => isTypoOf(variable, setting));
      return meant ? [`${variable} is not a setting and has no effect: did you mean ${meant}?`] : [];
    });
}

/** One typo, in a long name two; letter case and separators do not count. */
function isTypoOf(variable: string, setting: string): boolean {
  const name = variable.toUpperCase().replaceAll(/[-.]/g, '_');
  return typosBetween(name, setting) <= (setting.length < LONG_NAME ? 1 : 2);
}

function readEnvFile(): Buffer {
  try {
    return readFileSync('.env');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return Buffer.alloc(0);
    const problem = code === 'EISDIR' ? 'it is a folder' : code === 'EACCES' ? 'permission denied' : String(code);
    throw new Error(`The file .env in the working directory can't be read: ${problem}.`, { cause: error });
  }
}

function decode(bytes: Buffer): string {
  const marked = Object.entries(ENCODINGS).find(([, mark]) => bytes.subarray(0, 2).equals(Buffer.from(mark)));
  return new TextDecoder(marked?.[0]).decode(bytes).replace(/^\uFEFF+/, '');
}
