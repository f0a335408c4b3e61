import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config';

const ALGORITHM = 'aes-256-gcm';
const SECRET_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A new secret, in the format of Standard Webhooks. */
export function generateSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/** A secret was encrypted with another key, or for another webhook. */
export class UnreadableSecretError extends Error {
  constructor() {
    super("WEBHOOK_SECRET_KEY can't decrypt its secret");
  }
}

/** Encrypts the secrets of webhooks. Hashes, as of API keys, would not do: signing needs the secrets themselves. */
@Injectable()
export class WebhookSecrets {
  constructor(private readonly config: Config) {}

  /** The result is bound to the webhook, so it can't be decrypted in the row of another. */
  encrypt(webhookId: string, secret: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.key, iv).setAAD(Buffer.from(webhookId));
    const encrypted = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), encrypted]);
  }

  /** @throws UnreadableSecretError */
  decrypt(webhookId: string, encrypted: Buffer): string {
    const [iv, rest] = [encrypted.subarray(0, IV_BYTES), encrypted.subarray(IV_BYTES)];
    const decipher = createDecipheriv(ALGORITHM, this.key, iv).setAAD(Buffer.from(webhookId));
    decipher.setAuthTag(rest.subarray(0, TAG_BYTES));
    const decrypted = decipher.update(rest.subarray(TAG_BYTES));
    try {
      return Buffer.concat([decrypted, decipher.final()]).toString('utf8');
    } catch {
      throw new UnreadableSecretError();
    }
  }

  canDecrypt(webhookId: string, encrypted: Buffer): boolean {
    try {
      this.decrypt(webhookId, encrypted);
      return true;
    } catch (error) {
      if (error instanceof UnreadableSecretError) return false;
      throw error;
    }
  }

  private get key(): Buffer {
    const { webhookSecretKey = '' } = this.config;
    return Buffer.from(webhookSecretKey, webhookSecretKey.length === 64 ? 'hex' : 'base64');
  }
}

const KEY_FILE = 'webhook-secret-key';

/** The key that encrypts the secrets on the embedded database, from a file beside it; undefined when there is no file. */
export async function findSecretKey(dataDir: string): Promise<string | undefined> {
  try {
    return (await readFile(join(dataDir, KEY_FILE), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The same, created if it is missing. The file is complete before it gets its name, so that of several starts one wins. */
export async function findOrMakeSecretKey(dataDir: string): Promise<string> {
  const known = await findSecretKey(dataDir);
  if (known) return known;
  const path = join(dataDir, KEY_FILE);
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
