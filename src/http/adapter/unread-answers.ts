import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge } from 'prom-client';
import { UNKNOWN_SELLER } from '../caller';

/** Some thirty of the longest answers, and hundreds of usual ones. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Shorter ones are not counted: most requests have such an answer, and the kernel takes it at once. */
const SHORT = 4096;

/** What a file takes that is sent piece by piece. */
const BYTES_OF_STREAM = 128 * 1024;

/** The answers of a seller that wait to be read: the bytes on each connection, the oldest first, and their sum. */
class Unread {
  readonly connections = new Map<Socket, number>();
  bytes = 0;
}

/** By seller. */
const holders = new Map<string, Unread>();
let total = 0;

const CUT = new Counter({
  name: 'http_unread_answers_cut_total',
  help: 'Connections cut because their clients were the slowest to read, when too many answers waited to be read',
});

new Gauge({
  name: 'http_unread_answer_bytes',
  help: 'Memory of long answers that clients have not read yet',
  collect(): void {
    this.set(total);
  },
});

/**
 * Limits the memory of answers that clients do not read, or not yet. When they become too many, connections are cut of
 * whoever holds the most, first the one that has held some for longest: it reads the slowest.
 */
export function limitUnreadAnswers(server: FastifyInstance): void {
  server.addHook('onSend', ({ raw: { socket }, caller }, reply, payload, done) => {
    const bytes = lengthOf(payload);
    if (bytes < SHORT || socket.destroyed) return done();
    const seller = caller?.seller_id ?? UNKNOWN_SELLER;
    hold(seller, socket, bytes);
    reply.raw.once('close', () => release(seller, socket, bytes));
    while (total > MAX_BYTES) cutSlowest();
    done();
  });
}

function lengthOf(payload: unknown): number {
  if (typeof payload === 'string' || Buffer.isBuffer(payload)) return payload.length;
  return payload ? BYTES_OF_STREAM : 0;
}

function hold(seller: string, socket: Socket, bytes: number): void {
  const unread = holders.get(seller) ?? new Unread();
  holders.set(seller, unread);
  const { connections } = unread;
  connections.set(socket, (connections.get(socket) ?? 0) + bytes);
  unread.bytes += bytes;
  total += bytes;
}

/** Does nothing for a connection that was cut: it holds nothing any more. */
function release(seller: string, socket: Socket, bytes: number): void {
  const unread = holders.get(seller);
  const held = unread?.connections.get(socket);
  if (!unread || held === undefined) return;
  unread.bytes -= bytes;
  total -= bytes;
  if (held > bytes) unread.connections.set(socket, held - bytes);
  else unread.connections.delete(socket);
  if (unread.bytes === 0) holders.delete(seller);
}

function cutSlowest(): void {
  let [seller, most] = ['', new Unread()];
  for (const [name, unread] of holders) if (unread.bytes > most.bytes) [seller, most] = [name, unread];
  for (const [socket, bytes] of most.connections) {
    CUT.inc();
    socket.destroy();
    return release(seller, socket, bytes);
  }
}
