import { maxHeaderSize } from 'node:http';
import type { Socket } from 'node:net';

/** A whole one, at the beginning of what has arrived, and the beginning of one. 101 is final, as nothing asks for it. */
const INTERIM = /^HTTP\/1\.[01] 1(?!01)\d\d(?: [^\r\n]*)?\r?\n(?:[^\r\n]+\r?\n)*\r?\n/;
const BEGINNING = /^HTTP\/1\.[01] 1(?!01)(?:\d?$|\d\d(?![^ \r\n]))/;

/** As much as `undici` takes of headers. */
const MAX_BYTES = maxHeaderSize;

/**
 * Removes interim answers, such as "100 Continue", from those on a connection. Receivers may send any number of them though
 * nothing asks for it (RFC 9110, section 15.2), but `undici` takes "100 Continue" for a broken answer. It sends the next request
 * only after the answer to the last, so what comes after something was written is the beginning of an answer.
 */
export function skipInterim(socket: Socket): void {
  const [read, write] = [socket.read.bind(socket), socket.write.bind(socket)];
  /** The beginning of an answer, as far as it may still be an interim one. */
  let beginning: string | undefined;
  Object.assign(socket, {
    write: (...args: Parameters<Socket['write']>) => {
      beginning ??= '';
      return write(...args);
    },
    read: (): Buffer | null => {
      for (;;) {
        const chunk = read() as Buffer | null;
        if (beginning === undefined || chunk === null) return chunk;
        beginning = withoutInterim(beginning + chunk.toString('latin1'));
        if (mayBeInterim(beginning)) continue;
        const rest = Buffer.from(beginning, 'latin1');
        beginning = undefined;
        return rest;
      }
    },
  });
}

function withoutInterim(text: string): string {
  let rest = text;
  for (let found = INTERIM.exec(rest); found; found = INTERIM.exec(rest)) rest = rest.slice(found[0].length);
  return rest;
}

function mayBeInterim(text: string): boolean {
  if (text.length > MAX_BYTES) return false;
  return BEGINNING.test(text) || 'HTTP/1.1 '.startsWith(text) || 'HTTP/1.0 '.startsWith(text);
}
