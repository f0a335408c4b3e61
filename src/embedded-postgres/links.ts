import { readFile, readlink, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

interface Link {
  /** The file, and the second name that it needs, both relative to the folder of the package. */
  source: string;
  target: string;
}

/**
 * Makes the links between PostgreSQL's libraries. A package of npm can't contain links. It has a list of them, and an install
 * script that makes them; but npm may be set not to run scripts.
 * @throws Error that says what to do when a link is missing and the folder is not writable.
 */
export async function makeMissingLinks(packageFolder: string): Promise<void> {
  for (const { source, target } of await readList(join(packageFolder, 'native', 'pg-symlinks.json'))) {
    const link = join(packageFolder, target);
    try {
      await symlink(relative(dirname(target), source), link);
    } catch (cause) {
      if (await isThere(link)) continue;
      const { code } = cause as NodeJS.ErrnoException;
      const advice = 'install with write access to it, or without "--ignore-scripts", or set DATABASE_URL.';
      throw new Error(`The embedded PostgreSQL lacks ${link}, which cannot be made (${code}): ${advice}`, { cause });
    }
  }
}

async function isThere(link: string): Promise<boolean> {
  return readlink(link).then(
    () => true,
    () => false,
  );
}

/** On Windows the package has neither such links nor a list of them. */
async function readList(file: string): Promise<Link[]> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
