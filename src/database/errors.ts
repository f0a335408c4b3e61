import { DatabaseError } from 'pg';

/**
 * SQLSTATE classes and codes of failures that pass. 08, 28, 3D000, 55000, 55006 and 57P: there is no connection; 53, 58: the
 * server lacks memory, disk or connections, or its disk fails; 25006: it is a read-only standby; 0A000: a column has changed
 * its type; 25P03, 25P04, 40, 55P03, 57014: the statement met a time limit or another transaction.
 */
const TEMPORARY_STATES = /^(08|0A000|28|3D000|5500[06]|57P0[1-5]|53|580|25006|25P0[34]|40|55P03|57014)/;

/** Codes of Node and the system for a connection that can't be opened or is lost. */
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

/** Codes of Node for a certificate of the server, or its TLS, that an operator has to mend. */
const TLS_CODES =
  /^(ERR_TLS_|ERR_SSL_|CERT_|EPROTO$|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|HOSTNAME_MISMATCH|INVALID_CA)/;

/** System calls whose every failure means that there is no connection: a missing Unix socket is an ENOENT. */
const CONNECTING = new Set(['connect', 'getaddrinfo']);

/** Messages of `pg` for the same, as these errors have no code. */
const DRIVER_MESSAGES =
  /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/** Messages of `pg`, without a code, for a server that refuses the login. */
const REFUSALS =
  /^(SASL|The server does not support SSL connections|There was an error establishing an SSL connection)/;

/** Messages of PgBouncer when it has as many clients as it may. Their code is that of a protocol violation. */
const POOLER_IS_FULL = /no more connections allowed|client connections exceeded|\(max_\w*conn\w*\)/;

/**
 * How many requests may wait for each connection, where they have no queue of their own. Their statements take milliseconds,
 * so that the last one still gets its answer in time.
 */
export const WAITING_PER_CONNECTION = 25;

/** TypeORM's errors for a transaction whose connection has ended. Their classes are not imported: TypeORM loads slowly. */
const CONNECTION_ENDED = /^QueryRunner(Provider)?AlreadyReleasedError$/;

/** Too much work waits already. */
export class OverloadedError extends Error {
  constructor() {
    super('Too much is waiting for the database');
  }
}

/** A request has waited for too long. */
export class OverdueError extends Error {
  constructor() {
    super('There was no answer in time');
  }
}

/**
 * Whether an error means that the database can't be reached, or does not answer in time, rather than that the request or
 * the code is wrong. Takes errors of `pg`, and those of TypeORM that wrap one.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof OverloadedError || error instanceof OverdueError) return true;
  if (CONNECTION_ENDED.test(error.name)) return true;
  const driverError = driverErrorOf(error);
  if (driverError) return isUnavailable(driverError);
  const { code, syscall } = error as { code?: unknown; syscall?: string };
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isUnavailable);
  if (syscall !== undefined && CONNECTING.has(syscall)) return true;
  if (typeof code === 'string') return TEMPORARY_STATES.test(code) || NETWORK_CODES.has(code) || TLS_CODES.test(code);
  return DRIVER_MESSAGES.test(error.message) || REFUSALS.test(error.message);
}

/** Whether a connection could not be opened because there are as many as the database, the pooler or the system allows. */
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

/** Whether a statement waited too long for a lock of another transaction. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '55P03';
}

/** Whether a statement took longer than it was allowed to. */
export function isStatementTimeout(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '57014';
}

/** Whether an error means that the database is not up yet: nothing listens, or the server is starting. A refused login is not. */
export function isNotThereYet(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isNotThereYet);
  const { code, syscall } = error as { code?: unknown; syscall?: string };
  if (syscall !== undefined && CONNECTING.has(syscall)) return true;
  if (typeof code === 'string') return NETWORK_CODES.has(code) || code === '57P03';
  return DRIVER_MESSAGES.test(error.message);
}

/** The constraints that a request can violate, by the names that the migrations gave them. */
export const CONSTRAINTS = {
  customerEmail: 'customers_seller_id_email_key',
  idempotencyRecord: 'idempotency_records_pkey',
} as const;

const UNIQUE_VIOLATION = '23505';

/** Whether a statement violated a unique constraint or index. */
export function violates(error: unknown, constraint: string): boolean {
  const original = driverErrorOf(error) ?? error;
  return original instanceof DatabaseError && original.code === UNIQUE_VIOLATION && original.constraint === constraint;
}

/** The error of `pg` that an error of TypeORM wraps. */
function driverErrorOf(error: unknown): Error | undefined {
  const { driverError } = error as { driverError?: unknown };
  return error instanceof Error && driverError instanceof Error && driverError !== error ? driverError : undefined;
}
