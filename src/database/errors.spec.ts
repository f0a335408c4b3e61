import { constants } from 'node:os';
import { QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { DatabaseError } from 'pg';
import { QueryFailedError } from 'typeorm';
import { isTooManyConnections, isUnavailable } from './errors';

function ofDatabase(code: string, message = 'message'): DatabaseError {
  return Object.assign(new DatabaseError(message, message.length, 'error'), { code, severity: 'FATAL' });
}

function ofSystem(code: string, syscall?: string): Error {
  return Object.assign(new Error(code), { code, ...(syscall && { syscall }) });
}

/** Of PostgreSQL 18, appendix A: what is worth another try a little later. */
const TEMPORARY = `
  08000 08003 08006 08001 08004 08007 08P01  0A000  25006 25P03 25P04  28000 28P01  3D000
  40000 40002 40001 40003 40P01  53000 53100 53200 53300 53400  55000 55006 55P03
  57014 57P01 57P02 57P03 57P04 57P05  58000 58030`;

/** What is wrong with the statement, its values, the schema, the rights, or the data. */
const LASTING = `
  01000 02000 03000 09000 0B000 0F000 0L000 0P000 0Z000 20000 21000
  22000 22001 22003 22007 22021 22P02 22P05  23000 23502 23503 23505 23514 23P01  24000 25000 25001 25P01 25P02
  26000 27000 2B000 2D000 2F000 34000 38000 39000 3B000 3F000 42501 42601 42703 42P01 42P05 44000 54000 54001 55P02 55P04
  57000 58P01 58P02 F0000 HV000 P0001 XX000 XX001 XX002`;

/** The errors of the system that a connection can meet through no fault of the request. */
const OF_CONNECTIONS = new Set(
  `EADDRINUSE EADDRNOTAVAIL EAGAIN ECONNABORTED ECONNREFUSED ECONNRESET EHOSTUNREACH EMFILE ENETDOWN ENETRESET ENETUNREACH
  ENFILE ENOBUFS ENOMEM ENOTCONN EPIPE EPROTO ETIMEDOUT`.split(/\s+/),
);

const words = (text: string): string[] => text.trim().split(/\s+/);

describe('An error is a 503', () => {
  it.each(words(TEMPORARY))('with the SQLSTATE %s', (code) => {
    expect(isUnavailable(ofDatabase(code))).toBe(true);
    expect(isUnavailable(new QueryFailedError('SELECT', [], ofDatabase(code)))).toBe(true);
  });

  it.each(words(LASTING))('but not with the SQLSTATE %s', (code) => {
    expect(isUnavailable(ofDatabase(code))).toBe(false);
  });

  // EWOULDBLOCK is another name of EAGAIN.
  it.each(Object.keys(constants.errno).filter((code) => code !== 'EWOULDBLOCK'))('or not, with %s', (code) => {
    expect(isUnavailable(ofSystem(code))).toBe(OF_CONNECTIONS.has(code));
    expect(isUnavailable(ofSystem(code, 'connect'))).toBe(true);
    expect(isUnavailable(new AggregateError([ofSystem(code, 'connect'), ofSystem('ECONNREFUSED')]))).toBe(true);
  });

  it.each(words('ENOTFOUND EAI_AGAIN EAI_FAIL EAI_MEMORY ESERVFAIL ERR_STREAM_DESTROYED ERR_TLS_CERT_ALTNAME_INVALID'))(
    'with %s',
    (code) => expect(isUnavailable(ofSystem(code))).toBe(true),
  );

  it.each(
    words('CERT_HAS_EXPIRED DEPTH_ZERO_SELF_SIGNED_CERT UNABLE_TO_VERIFY_LEAF_SIGNATURE ERR_SSL_WRONG_VERSION_NUMBER'),
  )('with %s', (code) => expect(isUnavailable(ofSystem(code))).toBe(true));

  it.each([
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'Connection terminated: the database is silent',
    'timeout expired',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'Cannot use a pool after calling end on the pool',
    'The server does not support SSL connections',
    'There was an error establishing an SSL connection',
    'SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature does not match',
  ])('when pg says: %s', (message) => expect(isUnavailable(new Error(message))).toBe(true));

  it('when the connection ended under a transaction of TypeORM', () =>
    expect(
      [new QueryRunnerAlreadyReleasedError(), new QueryRunnerProviderAlreadyReleasedError()].every(isUnavailable),
    ).toBe(true));

  it.each([
    new TypeError('x is not a function'),
    new AggregateError([]),
    'text',
    undefined,
    ofSystem('ERR_INVALID_ARG_TYPE'),
  ])('but not for %s', (error) => expect(isUnavailable(error)).toBe(false));
});

describe('Too many connections', () => {
  it.each([
    ofDatabase('53300', 'too many connections for role "service"'),
    ofDatabase('53300', 'sorry, too many clients already'),
    ofDatabase('08P01', 'no more connections allowed (max_client_conn)'),
    ofDatabase('08P01', 'client connections exceeded (max_user_client_connections)'),
    ofSystem('EMFILE', 'connect'),
  ])('is %s', (error) => expect([isTooManyConnections(error), isUnavailable(error)]).toEqual([true, true]));

  it.each([ofDatabase('08P01', 'invalid frontend message'), ofDatabase('57P03'), ofSystem('ECONNREFUSED', 'connect')])(
    'is not %s',
    (error) => expect(isTooManyConnections(error)).toBe(false),
  );
});
