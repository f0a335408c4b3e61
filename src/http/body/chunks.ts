import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Counter } from 'prom-client';

/** How many small chunks a body may have at least, and how many bytes allow one more. */
const SMALL_CHUNKS = 256;
const BYTES_PER_CHUNK = 32;

const REFUSED = new Counter({
  name: 'request_bodies_in_small_chunks_total',
  help: 'Bodies refused with 413 because they came in far more chunks than their size explains',
});

/** A body that comes in far more chunks than its size explains: each costs more than a hundred bytes do. */
export class TooManyChunksError extends Error {
  readonly code = 'TOO_MANY_CHUNKS';
}

/** Bytes that came in pieces, in one buffer: each small buffer of its own would take some 400 bytes. */
export class JoinedBytes {
  private bytes: Buffer = Buffer.alloc(0);
  length = 0;

  add(piece: Buffer): void {
    const length = this.length + piece.length;
    if (this.length === 0) this.bytes = piece;
    else {
      if (length > this.bytes.length) this.grow(2 * length);
      piece.copy(this.bytes, this.length);
    }
    this.length = length;
  }

  take(): Buffer {
    const whole = this.bytes.subarray(0, this.length);
    this.bytes = Buffer.alloc(0);
    this.length = 0;
    return whole;
  }

  private grow(length: number): void {
    const longer = Buffer.allocUnsafe(length);
    this.bytes.copy(longer, 0, 0, this.length);
    this.bytes = longer;
  }
}

/** Keeps the bodies of requests from costing more memory, or more time, than their bytes deserve. */
export function joinChunks(server: Server): void {
  const join = (request: IncomingMessage) => {
    const { headers } = request;
    const isChunked = headers['transfer-encoding'] !== undefined;
    if (isChunked || headers['content-length'] !== undefined) joinUntilRead(server, request, isChunked);
  };
  server.on('request', join).on('checkExpectation', join);
}

/** Joins what arrives of a body before it is read. */
function joinUntilRead(server: Server, request: IncomingMessage, isChunked: boolean): void {
  const joined = new JoinedBytes();
  const push = request.push.bind(request);
  const flush = () => joined.length === 0 || push(joined.take());
  let chunksLeft = SMALL_CHUNKS;
  request.push = (chunk: Buffer | null) => {
    // Node's parser goes on to the end of what has arrived.
    if (chunksLeft < 0) return false;
    if (chunk !== null && isChunked) {
      chunksLeft -= 1 - chunk.length / BYTES_PER_CHUNK;
      if (chunksLeft < 0) {
        REFUSED.inc();
        skipRest(request.socket);
        return !server.emit('clientError', new TooManyChunksError(), request.socket);
      }
    }
    if (chunk !== null && request.readableFlowing !== true) {
      joined.add(chunk);
      return joined.length < request.readableHighWaterMark;
    }
    flush();
    return push(chunk);
  };
  request.on('resume', flush);
}

type Parser = Record<number, { name?: string } | undefined>;

const SKIPPED = new Set(['parserOnBody', 'parserOnHeadersComplete']);

/**
 * Node's parser goes on to the end of what has arrived, and calls functions for each request and each chunk, which is most of
 * what they cost. It skips them while these functions are missing, until the connection has ended and the parser serves
 * another one.
 */
export function skipRest(socket: Socket): void {
  const { parser = {} } = socket as { parser?: Parser };
  for (const index of Object.keys(parser).map(Number)) {
    const callback = parser[index];
    if (!SKIPPED.has(callback?.name ?? '')) continue;
    parser[index] = undefined;
    socket.once('close', () => (parser[index] = callback));
  }
}
