import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** How much of a body that nobody wants is read: the longest that any route takes. */
const MAX_DISCARDED = 1024 * 1024;

/** How long a client has to send the rest of its body, and to read the answer. */
const LINGER_MS = 5000;

/** Connections that have had their last answer and only wait for the client to close its side. */
const lingering = new Set<Socket>();

/**
 * Ends the connection of a request that is answered before its body has arrived: what is left of it may be endless. Where
 * the body has arrived with the head, as a short one has, the connection is kept.
 */
export function closeBeforeUnreadBodies(server: FastifyInstance): void {
  server.addHook('onRequest', ({ raw }, _, done) => {
    // What comes after the last answer is not carried out (RFC 9112, section 9.6): it goes without an answer.
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
  let left = MAX_DISCARDED;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.pause();
  });
  // It stands still where reading it has been given up.
  request.resume();
  // Node calls it at the end of an answer that closes its connection.
  socket.destroySoon = () => linger(socket);
}

/** Ends connections that linger, to make room. */
export function endLingering(): void {
  for (const socket of lingering) socket.destroy();
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
