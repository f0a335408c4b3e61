import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Webhook as Signer } from 'standardwebhooks';
import { Agent, type Dispatcher, errors, request } from 'undici';
import { Config } from '../../config/config';
import { VERSION } from '../../version';
import { isHttps } from '../dto/webhook.dto';
import type { Attempt, Webhook } from '../webhook.entity';
import { WebhookSecrets } from '../webhook-secrets';
import { connectorFor } from './public-connector';

export interface Message {
  id: string;
  /** JSON. */
  body: string;
}

export interface SentAttempt extends Attempt {
  /** The answer's Retry-After. */
  retryAfterSeconds?: number;
}

/** What an attempt may take. */
export const LIMIT_MS = 15_000;
const KEPT_BYTES = 1024;

/** Many receivers close a connection that is idle for 2 or 5 seconds, and a request that crosses with that fails. */
const KEPT_IDLE_MS = 1000;

const NOT_HTTP = 'The answer is not valid HTTP';
const UNKNOWN_NAME = 'The host name is unknown';
const UNRESOLVED = 'The host name could not be resolved';
const UNREACHABLE = 'The host is unreachable';
const CLOSED = 'The connection was closed';
const UNKNOWN_ISSUER = 'The issuer of the certificate is unknown, or a certificate of the chain is missing';

const SENTENCES: Record<string, string> = {
  ERR_PRIVATE_ADDRESS: 'The address is not a public one',
  ENOTFOUND: UNKNOWN_NAME,
  ENODATA: UNKNOWN_NAME,
  EBADNAME: UNKNOWN_NAME,
  EAI_AGAIN: UNRESOLVED,
  ESERVFAIL: UNRESOLVED,
  ETIMEOUT: UNRESOLVED,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ECONNREFUSED: 'The connection was refused',
  ECONNRESET: 'The connection was reset',
  ETIMEDOUT: 'The connection timed out',
  EPIPE: CLOSED,
  UND_ERR_SOCKET: CLOSED,
  ERR_ASSERTION: NOT_HTTP,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: NOT_HTTP,
  UND_ERR_HEADERS_OVERFLOW: 'The headers of the answer are too large',
  UND_ERR_CONNECT_TIMEOUT: 'No connection within 10 seconds',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another host name',
  CERT_HAS_EXPIRED: 'The certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'The certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_ISSUER,
};

/** Sends signed messages to receivers (Standard Webhooks 1.0). Each attempt may take 15 seconds in all. */
@Injectable()
export class WebhookSender implements OnApplicationShutdown {
  private readonly agent: Agent;

  constructor(
    private readonly secrets: WebhookSecrets,
    private readonly config: Config,
  ) {
    const connect = connectorFor(config.webhookAllowPrivate);
    const keepAliveTimeout = KEPT_IDLE_MS;
    this.agent = new Agent({ connect, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  /**
   * @throws UnreadableSecretError when the secret can't be decrypted, or when `stop` ends the attempt, whose result is then unknown.
   */
  async send(webhook: Webhook, message: Message, stop?: AbortSignal): Promise<SentAttempt> {
    const at = new Date();
    const headers = this.headersOf(webhook, message, at);
    const startedAt = performance.now();
    const attempt = { attempted_at: at.toISOString(), status_code: null, error: null, response: null };
    const durationMs = () => Math.round(performance.now() - startedAt);
    // Stored by an instance, or in a place, where plain HTTP was allowed.
    if (!this.config.webhookAllowPrivate && !isHttps(webhook.url)) {
      return { ...attempt, error: 'Only https is allowed', duration_ms: 0 };
    }
    stop?.throwIfAborted();
    // Each signal of `AbortSignal.any` would be kept for as long as `stop`: until the service ends.
    const end = new AbortController();
    const abort = () => end.abort();
    const timeout = setTimeout(abort, LIMIT_MS);
    stop?.addEventListener('abort', abort);
    try {
      const { signal } = end;
      const options = { dispatcher: this.agent, method: 'POST', headers, body: message.body, signal } as const;
      const answer = await request(webhook.url, options);
      const response = await beginningOf(answer.body);
      return { ...attempt, ...describe(answer), response, duration_ms: durationMs() };
    } catch (error) {
      if (stop?.aborted) throw error;
      return { ...attempt, error: sentenceOf(error, end.signal.aborted), duration_ms: durationMs() };
    } finally {
      clearTimeout(timeout);
      stop?.removeEventListener('abort', abort);
    }
  }

  private headersOf(webhook: Webhook, { id, body }: Message, at: Date): Record<string, string> {
    const signatures = this.secretsOf(webhook, at).map((secret) => new Signer(secret).sign(id, at, body));
    return {
      'content-type': 'application/json',
      'user-agent': `virtual-office-customers/${VERSION}`,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signatures.join(' '),
    };
  }

  private secretsOf({ id, secret, previous_secret, previous_secret_expires_at }: Webhook, at: Date): string[] {
    const overlaps = previous_secret && previous_secret_expires_at && previous_secret_expires_at > at;
    return [secret, ...(overlaps ? [previous_secret] : [])].map((encrypted) => this.secrets.decrypt(id, encrypted));
  }
}

export function isSuccess({ status_code }: Attempt): boolean {
  return status_code !== null && status_code >= 200 && status_code < 300;
}

function describe({ statusCode, headers }: Dispatcher.ResponseData) {
  const retryAfterSeconds = secondsOf([headers['retry-after']].flat()[0]);
  return {
    status_code: statusCode,
    error: reasonFor(statusCode),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

/** Why an answer is no success, as a sentence; null when it is one. */
function reasonFor(statusCode: number): string | null {
  if (statusCode >= 200 && statusCode < 300) return null;
  const isRedirect = statusCode < 400 && statusCode !== 304;
  return isRedirect ? 'Redirects are not followed' : `The receiver answered with status ${statusCode}`;
}

/** Retry-After is a number of seconds or a date (RFC 9110, section 10.2.3). */
function secondsOf(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter);
  const time = Date.parse(retryAfter);
  return Number.isNaN(time) ? undefined : Math.max(0, (time - Date.now()) / 1000);
}

/**
 * The first kilobyte. The rest is not read, and the connection is closed. A body that breaks off or takes too long counts as
 * an answer, too: its status has arrived.
 */
async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > KEPT_BYTES) break;
    }
  } catch {
    // What arrived before the connection broke is all there is.
  }
  // PostgreSQL stores no NUL.
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, KEPT_BYTES)).replaceAll('\0', '\u{fffd}');
}

/** What an attempt says of the error that ended it. */
export function sentenceOf(error: unknown, isLate = false): string {
  if (isLate) return 'No answer within 15 seconds';
  if (error instanceof errors.HTTPParserError) return NOT_HTTP;
  const { code, errors: reasons } = error as { code?: unknown; errors?: { code?: unknown }[] };
  const known = String(code ?? reasons?.[0]?.code ?? 'unknown');
  return SENTENCES[known] ?? `The request failed: ${known}`;
}
