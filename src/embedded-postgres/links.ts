import { readFile, readlink, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

interface Link {
  /** The file that is there, and the name that it needs besides, both from the package's folder. */
  source: string;
  target: string;
}

/**
 * Makes the links between PostgreSQL's libraries. A package on npm cannot contain any, so it brings a list of them and a
 * script that makes them at the installation, which npm may have been told not to run.
 * @throws Error that says what to do when links are missing in a folder that we may not write.
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

/** Windows has no such links, and no list. */
async function readList(file: string): Promise<Link[]> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
