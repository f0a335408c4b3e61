import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** Adds the variables of the `.env` file in the working directory, if there is one, to those that are not set yet. */
export function loadEnvFile(): void {
  const variables = parseEnv(withoutMark(readEnvFile()));
  for (const [name, value] of Object.entries(variables)) process.env[name] ??= value;
}

/** Editors on Windows may begin a file with a byte order mark, which would be a part of the first name. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF+/, '');
}

function readEnvFile(): string {
  try {
    return readFileSync('.env', 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
