import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config';

const ALGORITHM = 'aes-256-gcm';
const SECRET_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A new secret, in the form of Standard Webhooks. */
export function generateSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/** Encrypts the secrets with which webhooks sign: other than keys, they are needed again as they are. */
@Injectable()
export class WebhookSecrets {
  constructor(private readonly config: Config) {}

  /** Bound to its webhook, so that it is of no use in the row of another. */
  encrypt(webhookId: string, secret: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.key, iv).setAAD(Buffer.from(webhookId));
    const encrypted = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), encrypted]);
  }

  /** @throws Error when it was encrypted with another key, or for another webhook. */
  decrypt(webhookId: string, encrypted: Buffer): string {
    const [iv, rest] = [encrypted.subarray(0, IV_BYTES), encrypted.subarray(IV_BYTES)];
    const decipher = createDecipheriv(ALGORITHM, this.key, iv).setAAD(Buffer.from(webhookId));
    decipher.setAuthTag(rest.subarray(0, TAG_BYTES));
    return Buffer.concat([decipher.update(rest.subarray(TAG_BYTES)), decipher.final()]).toString('utf8');
  }

  private get key(): Buffer {
    const { webhookSecretKey = '' } = this.config;
    return Buffer.from(webhookSecretKey, webhookSecretKey.length === 64 ? 'hex' : 'base64');
  }
}
