import { randomBytes } from 'node:crypto';
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'webhook-secret-key';

/** The key with which secrets of webhooks are encrypted in the embedded database, kept beside it; undefined without one. */
export async function findSecretKey(dataDir: string): Promise<string | undefined> {
  try {
    return (await readFile(join(dataDir, FILE), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The same, made if there is none yet. Written whole before it gets its name: of several starts at once one wins. */
export async function findOrMakeSecretKey(dataDir: string): Promise<string> {
  const known = await findSecretKey(dataDir);
  if (known) return known;
  const path = join(dataDir, FILE);
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await chmod(draft, 0o600);
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
  return (await findSecretKey(dataDir)) ?? '';
}
