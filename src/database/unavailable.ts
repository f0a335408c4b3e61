import { DatabaseError } from 'pg';

/**
 * SQLSTATE classes and codes that mean "not now". 08, 28, 3D000, 55000 and 57P: no connection is to be had; 53: the
 * server has too little of something; 25006: it is a read-only standby; 0A000: a column has changed its type; 25P03, 40, 55P03, 57014: this statement met a time limit or another transaction.
 */
const TEMPORARY_STATES = /^(08|0A000|28|3D000|55000|57P0[1-5]|53|25006|25P03|40001|40P01|55P03|57014)/;

/** What Node says when a connection can't be had or is lost. */
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** What `pg` says of the same in errors that have no code. */
const DRIVER_MESSAGES =
  /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Cannot use a pool after calling end)/;

/**
 * How many may wait for each connection: what they need takes milliseconds, so that the last one still has its turn in
 * time. For what has no queue of its own.
 */
export const WAITING_PER_CONNECTION = 25;

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
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  if (driverError instanceof Error && driverError !== error) return isUnavailable(driverError);
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isUnavailable);
  if (typeof code === 'string' && (TEMPORARY_STATES.test(code) || NETWORK_CODES.has(code))) return true;
  return DRIVER_MESSAGES.test(error.message);
}

/** Whether a statement waited in vain for what others hold locked. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '55P03';
}

/** Whether an error says that there is no database yet: nobody listens, or it is starting up. A refusal is something else. */
export function isNotThereYet(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isNotThereYet);
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return NETWORK_CODES.has(code) || code === '57P03';
  return DRIVER_MESSAGES.test(error.message);
}
