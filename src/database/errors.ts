import { DatabaseError } from 'pg';

/**
 * SQLSTATE classes and codes that mean "not now". 08, 28, 3D000, 55000, 55006 and 57P: no connection is to be had; 53, 58: the
 * server has too little of something, or its disk fails; 25006: it is a read-only standby; 0A000: a column has changed its
 * type; 25P03, 25P04, 40, 55P03, 57014: this statement met a time limit or another transaction.
 */
const TEMPORARY_STATES = /^(08|0A000|28|3D000|5500[06]|57P0[1-5]|53|580|25006|25P0[34]|40|55P03|57014)/;

/** What Node and the system say when a connection can't be had or is lost, or when there is no room for one more. */
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTCONN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EAGAIN',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_MEMORY',
  'EAI_NODATA',
  'EAI_NONAME',
  'ESERVFAIL',
  'ETIMEOUT',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_SOCKET_CLOSED',
]);

/** What is wrong with the certificate of the server, or with its TLS: somebody has to put it right, and then all works. */
const TLS_CODES =
  /^(ERR_TLS_|ERR_SSL_|CERT_|EPROTO$|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|HOSTNAME_MISMATCH|INVALID_CA)/;

/** Calls to the system of which every failure means that there is no connection. A missing Unix socket is an ENOENT. */
const CONNECTING = new Set(['connect', 'getaddrinfo']);

/** What `pg` says of the same in errors that have no code. */
const DRIVER_MESSAGES =
  /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/** What `pg` says, without a code, of a server that does not let it in. */
const REFUSALS =
  /^(SASL|The server does not support SSL connections|There was an error establishing an SSL connection)/;

/** What PgBouncer says, with the code of a protocol violation, when it has as many clients as it may. */
const POOLER_IS_FULL = /no more connections allowed|client connections exceeded|\(max_\w*conn\w*\)/;

/**
 * How many may wait for each connection: what they need takes milliseconds, so that the last one still has its turn in
 * time. For what has no queue of its own.
 */
export const WAITING_PER_CONNECTION = 25;

/** What TypeORM says of a transaction whose connection has ended. By their names: loading all of TypeORM for it takes long. */
const CONNECTION_ENDED = /^QueryRunner(Provider)?AlreadyReleasedError$/;

/** More work waits already than can be done soon. */
export class OverloadedError extends Error {
  constructor() {
    super('Too much is waiting for the database');
  }
}

/** Whatever a request waits for takes too long. */
export class OverdueError extends Error {
  constructor() {
    super('There was no answer in time');
  }
}

/**
 * Whether an error says that the database can't be reached, or can't answer in time, rather than that the request or
 * the code is wrong. Takes an error of `pg` or one that TypeORM has wrapped around it.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof OverloadedError || error instanceof OverdueError) return true;
  if (CONNECTION_ENDED.test(error.name)) return true;
  const { code, syscall, driverError } = error as { code?: unknown; syscall?: string; driverError?: unknown };
  if (driverError instanceof Error && driverError !== error) return isUnavailable(driverError);
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isUnavailable);
  if (syscall !== undefined && CONNECTING.has(syscall)) return true;
  if (typeof code === 'string') return TEMPORARY_STATES.test(code) || NETWORK_CODES.has(code) || TLS_CODES.test(code);
  return DRIVER_MESSAGES.test(error.message) || REFUSALS.test(error.message);
}

/** Whether a connection could not be opened because there are as many as there may be, rather than for what it is. */
export function isTooManyConnections(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (error instanceof DatabaseError) return code === '53300' || POOLER_IS_FULL.test(error.message);
  return code === 'EMFILE' || code === 'ENFILE';
}

/** Whether a connection could not be encrypted. */
export function isTlsError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return /SSL connection/.test(error.message) || (typeof code === 'string' && TLS_CODES.test(code));
}

/** Whether a statement waited in vain for what others hold locked. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '55P03';
}

/** Whether a statement took longer than it was allowed to. */
export function isStatementTimeout(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '57014';
}

/** Whether an error says that there is no database yet: nobody listens, or it is starting up. A refusal is something else. */
export function isNotThereYet(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isNotThereYet);
  const { code, syscall } = error as { code?: unknown; syscall?: string };
  if (syscall !== undefined && CONNECTING.has(syscall)) return true;
  if (typeof code === 'string') return NETWORK_CODES.has(code) || code === '57P03';
  return DRIVER_MESSAGES.test(error.message);
}
