import { readFileSync } from 'node:fs';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { parse } from 'pg-connection-string';
import { typosBetween } from '../spelling';

/** The modes of libpq; `no-verify` is what `pg` calls `require` without a root certificate. */
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;

type SslMode = (typeof SSL_MODES)[number];

/** The members of a URL that say how it is encrypted, and libpq's variables for where they are missing. */
const SSL_VARIABLES = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
} as const;

const OTHER_SSL_MEMBERS = ['ssl', 'sslpassword', 'uselibpqcompat'];

/** The parameters that have an effect. Others are ignored, as other programs add their own. */
const PARAMETERS = [...Object.keys(SSL_VARIABLES), ...OTHER_SSL_MEMBERS, 'host', 'port', 'options', 'application_name'];

export interface DatabaseUrl {
  /** The name of a computer, or the folder of a Unix socket. */
  host?: string;
  port?: number;
  user?: string;
  password?: string;
  database?: string;
  options: string;
  applicationName?: string;
  /** Which ways of connecting may be tried, the preferred one first. */
  encryptions: Encryption[];
}

/** How to encrypt, or `false`. */
export type Encryption = TlsOptions | false;

/**
 * Reads a URL as libpq does: sockets, and `sslmode` with its files.
 * @throws Error that says what it has to be, without any of its text.
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  requireUrl(text);
  const [base = '', query = ''] = text.split(/\?(.*)/s);
  const members = new URLSearchParams(query);
  const ssl = new Map([...members].filter(([name]) => name in SSL_VARIABLES || OTHER_SSL_MEMBERS.includes(name)));
  for (const name of ssl.keys()) members.delete(name);
  const { host, port, user, password, database, options, application_name } = parse(`${base}?${members}`);
  return {
    host: host || undefined,
    port: port ? Number(port) : undefined,
    user: user || undefined,
    password: password || undefined,
    database: database || undefined,
    options: options ?? '',
    applicationName: application_name,
    // As in libpq, a socket is not encrypted.
    encryptions: host?.startsWith('/') ? [false] : encryptionsOf(ssl),
  };
}

/** What is wrong with a URL, or undefined. */
export function problemOfDatabaseUrl(text: string): string | undefined {
  try {
    parseDatabaseUrl(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A URL with what the environment says of the encryption and the URL does not. */
export function withSslVariables(url: string, environment: Record<string, string | undefined>): string {
  const named = new URLSearchParams(url.split(/\?(.*)/s)[1]);
  const added = Object.entries(SSL_VARIABLES).flatMap(([name, variable]) => {
    const value = environment[variable];
    return value && !named.has(name) ? [`${name}=${encodeURIComponent(value)}`] : [];
  });
  return added.length === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${added.join('&')}`;
}

function requireUrl(text: string): void {
  const isUrl = /^postgres(ql)?:\/\/[^#]+$/.test(text) && canBeParsed(text);
  if (isUrl) return requireParameters(text);
  if (/^postgres(ql)?:\/\/([^/?]*@)?[^/?]*,/.test(text)) throw new Error('must name one host, not several');
  throw new Error('must be a URL that starts with postgres://, with special characters of the password %-escaped');
}

/**
 * A misspelt parameter has no effect, and may leave the connection unencrypted. The message does not repeat the name: it
 * may be part of a password.
 */
function requireParameters(text: string): void {
  for (const name of new URLSearchParams(text.split(/\?(.*)/s)[1]).keys()) {
    if (PARAMETERS.includes(name)) continue;
    const meant = PARAMETERS.find((known) => typosBetween(name.toLowerCase().replaceAll('_', ''), known) <= 1);
    if (meant) throw new Error(`has a parameter that is misspelt: did you mean ${meant}?`);
  }
}

function canBeParsed(text: string): boolean {
  try {
    decodeURIComponent(text);
    parse(text.replace(/\?.*/s, ''));
    return true;
  } catch {
    return false;
  }
}

function encryptionsOf(ssl: Map<string, string>): Encryption[] {
  const mode = modeOf(ssl);
  if (mode === 'disable') return [false];
  const client = { cert: contentOf(ssl, 'sslcert'), key: contentOf(ssl, 'sslkey'), passphrase: ssl.get('sslpassword') };
  const rootName = ssl.get('sslrootcert');
  const isOfSystem = rootName === 'system';
  if (isOfSystem && mode !== 'verify-full')
    throw new Error(
      'with sslrootcert=system needs sslmode=verify-full: the authorities of the system give certificates to any host, ' +
        'so its name has to be checked',
    );
  const ca = isOfSystem ? undefined : contentOf(ssl, 'sslrootcert');
  const unverified = { ...client, rejectUnauthorized: false };
  if (mode === 'allow') return [false, unverified];
  if (mode === 'prefer') return [unverified, false];
  if (mode === 'verify-full') return [{ ...client, ca }];
  if (mode === 'verify-ca' && !ca)
    throw new Error('with sslmode=verify-ca needs sslrootcert, the file with the certificates that are trusted');
  // As in libpq, `require` verifies as `verify-ca` does once it knows whom to trust.
  return mode === 'no-verify' || !ca ? [unverified] : [{ ...client, ca, checkServerIdentity: () => undefined }];
}

function modeOf(ssl: Map<string, string>): SslMode {
  const isWanted = ['true', '1', 'require'].includes(ssl.get('ssl') ?? '');
  const byDefault = ssl.get('sslrootcert') === 'system' ? 'verify-full' : isWanted ? 'require' : 'prefer';
  const mode = ssl.get('sslmode') ?? byDefault;
  if ((SSL_MODES as readonly string[]).includes(mode)) return mode as SslMode;
  throw new Error(`must have an sslmode that is one of ${SSL_MODES.slice(0, 6).join(', ')}`);
}

function contentOf(ssl: Map<string, string>, name: keyof typeof SSL_VARIABLES): string | undefined {
  const file = ssl.get(name);
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`names a file as ${name} that can't be read (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
}
