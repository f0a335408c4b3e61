import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { lingerAfterAnswer } from '../body/unread-body';
import { leaveToOthers } from './completion';
import { renderError } from '../errors/error-response';
import { MalformedRequestException } from '../errors/errors';
import { countBrokenRequest } from '../metrics';
import { type Log, requestIdOf } from './log';
import { SECURITY_HEADERS } from '../security-headers';

/** How long a client has to read why its connection ends. */
const FAREWELL_MS = 1000;

const MALFORMED = 'Malformed HTTP request';

const PARSER_ANSWERS: Record<string, [status: number, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request took too long to arrive'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Request body is too large'],
  TOO_MANY_CHUNKS: [413, 'Request body comes in too many small chunks'],
  HPE_HEADER_OVERFLOW: [431, 'Request header fields are too large'],
};

/** Fields of which there is at most one (RFC 9112, section 3.2; RFC 9110, section 5.3). */
const SINGLE = new Set(['host', 'authorization', 'content-type', 'idempotency-key']);

/** `uri-host [ ":" port ]`, which may be empty (RFC 9110, section 7.2). */
const HOST = /^(?:\[[0-9a-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/i;

/** Where answers are logged, and the path prefix that a proxy adds. */
interface AnswerContext {
  log: Log;
  publicPath: string;
}

/** What is known of a request that never became one of Fastify's. */
type Fragment = Pick<IncomingMessage, 'headers' | 'method'>;

/** A socket as Node's HTTP server keeps it, with the answer that is under way on it. */
export type ServerSocket = Socket & { _httpMessage?: ServerResponse<IncomingMessage> | null };

/**
 * Answers what Node's HTTP parser gives up on, and what arrives too slowly, with the contract's body instead of Node's
 * empty one. Whole requests that came before on the same connection get their answers first.
 */
export function answerBrokenRequests(context: AnswerContext): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket: ServerSocket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const [status, message] = PARSER_ANSWERS[error.code ?? ''] ?? [400, MALFORMED];
    afterWholeRequests(socket, () => {
      const broken = socket._httpMessage;
      if (broken?.headersSent) return void socket.destroy();
      if (!socket.writable) return;
      if (broken) leaveToOthers(broken);
      endWith(socket, status, message, broken?.req ?? { headers: {} }, context);
    });
  };
}

/** Answers the two kinds of request that Node keeps from the request handler: `Expect: something` and CONNECT. */
export function answerUnhandledRequests(server: Server, context: AnswerContext): void {
  // The client is told to continue once its body is read (`readBody`).
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const { headers, body } = render(417, 'Expectation is not supported', request, context);
    lingerAfterAnswer(request);
    response.writeHead(417, headers).end(body);
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => endWith(socket, 400, MALFORMED, request, context));
}

/**
 * Refuses a head that Node lets pass and that the next reader may understand in another way. Node silently takes the first
 * of several `SINGLE` fields, and of transfer codings it undoes only `chunked` (RFC 9112, section 6.1).
 */
export function requireSoundHead({ raw }: FastifyRequest): void {
  const { host, 'transfer-encoding': coding = 'chunked' } = raw.headers;
  const isOld = raw.httpVersion === '1.0';
  const isSound =
    (host === undefined ? isOld : HOST.test(host)) &&
    coding.toLowerCase() === 'chunked' &&
    !(isOld && 'transfer-encoding' in raw.headers) &&
    !hasRepeated(raw.rawHeaders);
  if (!isSound) throw new MalformedRequestException();
}

function hasRepeated(rawHeaders: string[]): boolean {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (SINGLE.has(name) && seen.size === seen.add(name).size) return true;
  }
  return false;
}

function afterWholeRequests(socket: ServerSocket, then: () => void): void {
  const current = socket._httpMessage;
  if (!current?.req.complete) return then();
  current.once('finish', () => setImmediate(() => afterWholeRequests(socket, then)));
}

function endWith(socket: Socket, status: number, message: string, request: Fragment, context: AnswerContext): void {
  const { headers, body } = render(status, message, request, context);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  // One that never closes its side would keep the connection, and one that goes on sending for ever.
  setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
}

function render(status: number, message: string, request: Fragment, { log, publicPath }: AnswerContext) {
  const id = requestIdOf(request);
  const { type, body } = renderError({ status, message }, request.headers.accept, id, publicPath);
  log.info({ request_id: id, method: request.method, status });
  countBrokenRequest(status);
  const headers = {
    ...SECURITY_HEADERS,
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'x-request-id': id,
    vary: 'accept',
    connection: 'close',
  };
  return { headers, body };
}
