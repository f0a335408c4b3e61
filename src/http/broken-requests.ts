import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { plainBody } from './error-response';
import { MalformedRequestException } from './errors';
import { requestIdOf } from './request-id';

const MALFORMED = 'Malformed HTTP request';

const PARSER_ANSWERS: Record<string, [status: number, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request took too long to arrive'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Request body is too large'],
  HPE_HEADER_OVERFLOW: [431, 'Request header fields are too large'],
};

/**
 * Answers what Node's HTTP parser gives up on, and what arrives too slowly, with the contract's body instead of Node's
 * empty one. Such a request never becomes one of Fastify's.
 */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  const [status, message] = PARSER_ANSWERS[error.code ?? ''] ?? [400, MALFORMED];
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswered(socket)) socket.destroy();
  else endWith(socket, status, message);
}

/** Answers the two kinds of request that Node keeps from the request handler: `Expect: something` and CONNECT. */
export function answerUnhandledRequests(server: Server): void {
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const body = JSON.stringify(plainBody(417, 'Expectation is not supported'));
    response.writeHead(417, headersFor(body, requestIdOf(request))).end(body);
  });
  server.on('connect', (_request: IncomingMessage, socket: Socket) => endWith(socket, 400, MALFORMED));
}

/** RFC 9112, section 3.2: an HTTP/1.1 request has exactly one Host; Node would take the first of several. */
export function requireOneHost({ raw }: FastifyRequest): void {
  const hosts = raw.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length;
  if (hosts === 1 || (hosts === 0 && raw.httpVersion === '1.0')) return;
  throw new MalformedRequestException();
}

/** Node notes the answer under way here; a second one would end up in the middle of the first. */
function isAnswered(socket: Socket & { _httpMessage?: ServerResponse }): boolean {
  return socket._httpMessage?.headersSent ?? false;
}

function endWith(socket: Socket, status: number, message: string): void {
  const body = JSON.stringify(plainBody(status, message));
  const headers = Object.entries(headersFor(body, requestIdOf({ headers: {} })));
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

function headersFor(body: string, requestId: string): Record<string, string | number> {
  return {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    connection: 'close',
  };
}
