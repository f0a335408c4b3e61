import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** How long a client has to send the rest of its body, and to read the answer. */
const LINGER_MS = 5000;

/** How many of them may still send: unread bytes take memory of the kernel, which other connections need. */
const MAX_SENDING = 256;

/** Connections that have had their last answer and only wait for the client to close its side. */
const lingering = new Set<Socket>();

/** Those whose bodies have not arrived yet, the oldest first. */
const sending = new Set<Socket>();

/**
 * Ends the connection of a request that is answered before its body has arrived: what is left of it may be endless. If
 * the body has arrived with the head, as a short one has, the connection is kept.
 */
export function closeBeforeUnreadBodies(server: FastifyInstance): void {
  server.addHook('onRequest', ({ raw }, _, done) => {
    // A request after the last answer of a connection is not carried out (RFC 9112, section 9.6), nor answered.
    if (!raw.socket.writableEnded) done();
  });
  server.addHook('onSend', (request, reply, _, done) => {
    if (request.raw.complete || !hasBody(request.raw)) return done();
    // Gives the HTTP parser the time to see the end of what has come with the head.
    setImmediate(() => {
      if (!request.raw.complete) endAfterAnswer(request, reply);
      done();
    });
  });
}

/** By the headers as they were sent: those of a body that is ignored are hidden from Fastify. */
export function hasBody({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.some((text, i) => {
    if (i % 2 === 1) return false;
    const name = text.toLowerCase();
    return name === 'transfer-encoding' || (name === 'content-length' && Number(rawHeaders[i + 1]) > 0);
  });
}

/** Has an answer say that it ends its connection, which it then does. */
export function endAfterAnswer({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.header('connection', 'close');
  lingerAfterAnswer(raw);
}

/**
 * Lets a client read the answer that ends its connection. A socket that is closed with bytes unread resets the connection,
 * and the answer may be lost with it: so the service only closes its own side, and goes on reading for a while.
 */
export function lingerAfterAnswer(request: IncomingMessage): void {
  const { socket } = request;
  discardSlowly(request);
  request.once('end', () => sending.delete(socket));
  // Node calls it at the end of an answer that closes its connection.
  socket.destroySoon = () => {
    if (!request.complete) limitSending(socket);
    linger(socket);
  };
}

/** Ends connections that linger, to make room. */
export function endLingering(): void {
  for (const socket of lingering) socket.destroy();
}

/** Ends the oldest in favour of a new one. */
function limitSending(socket: Socket): void {
  sending.add(socket);
  socket.once('close', () => sending.delete(socket));
  const [oldest] = sending;
  if (sending.size > MAX_SENDING) oldest?.destroy();
}

function linger(socket: Socket): void {
  socket.end();
  lingering.add(socket);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => {
    clearTimeout(timer);
    lingering.delete(socket);
  });
}

/** How much of an unwanted body is read: as much as the longest that any route takes. */
const MAX_DISCARDED = 1024 * 1024;

/** How many bodies are read on at a time, by a piece of 64 KiB at most, and how soon the next. */
const AT_ONCE = 8;
const PAUSE_MS = 5;

/** Bodies of which a piece has been read, in the order of their turns. */
const waiting = new Set<IncomingMessage>();
let timer: NodeJS.Timeout | undefined;

/**
 * Reads what comes of a body, and throws it away. All such bodies together are read at a pace that leaves the event loop to
 * others, however many there are: each a piece at a time, in turns.
 */
function discardSlowly(request: IncomingMessage): void {
  let left = MAX_DISCARDED;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    request.pause();
    if (left >= 0) waitForTurn(request);
  });
  request.once('close', () => waiting.delete(request));
  request.pause();
  // When an answer ends, Node reads all of a body that has not been read yet.
  request.read(0);
  waitForTurn(request);
}

function waitForTurn(request: IncomingMessage): void {
  waiting.add(request);
  timer ??= setTimeout(readNext, PAUSE_MS);
}

function readNext(): void {
  timer = undefined;
  let left = AT_ONCE;
  for (const request of waiting) {
    if (left-- === 0) break;
    waiting.delete(request);
    request.resume();
  }
  if (waiting.size > 0) timer = setTimeout(readNext, PAUSE_MS);
}
