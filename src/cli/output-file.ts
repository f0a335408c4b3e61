import { createWriteStream } from 'node:fs';
import { realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A file that is written as a whole: until all of it is there, what was there before stays. */
export class OutputFile {
  private constructor(
    private readonly path: string,
    private readonly force: boolean,
    private readonly mode?: number,
  ) {}

  /** @throws Error when there is a file already, unless it may be replaced, or something that is no file. */
  static async prepare(path: string, { force }: { force: boolean }): Promise<OutputFile> {
    await requireFolderOf(path);
    const found = await find(path);
    if (!found) return new OutputFile(path, force);
    if (!found.isFile()) throw new Error(`"${path}" is not a file.`);
    if (!force) throw new Error(alreadyThere(path));
    return new OutputFile(await realpath(path), force, found.mode);
  }

  /** Writes beside the file first. Whatever fails, and when `signal` ends it, nothing of that is left. */
  async write(pieces: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
    const part = join(dirname(this.path), `.${basename(this.path)}.${process.pid}.part`);
    try {
      await pipeline(pieces, createWriteStream(part, { flags: 'wx', mode: this.mode, flush: true }), { signal });
      if (!this.force && (await find(this.path))) throw new Error(alreadyThere(this.path));
      await rename(part, this.path);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }
}

/** @throws Error that names the folder of a file to be written when there is no such folder. */
export async function requireFolderOf(path: string): Promise<void> {
  const folder = await stat(dirname(path));
  if (!folder.isDirectory()) throw new Error(`"${dirname(path)}" is not a folder.`);
}

function alreadyThere(path: string): string {
  return `"${path}" is already there. Add --force to replace it.`;
}

async function find(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
