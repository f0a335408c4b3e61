import type { IncomingMessage } from 'node:http';

/** How much of a body that nobody wants is read: the longest that any route takes. */
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
export function discardSlowly(request: IncomingMessage): void {
  let left = MAX_DISCARDED;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    request.pause();
    if (left >= 0) waitForTurn(request);
  });
  request.once('close', () => waiting.delete(request));
  request.pause();
  // Node reads all of a body that nobody has begun to read by the end of its answer.
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
