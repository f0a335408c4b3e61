import type { Socket } from 'node:net';

/** A whole one, at the beginning of what has arrived, and the beginning of one. */
const CONTINUE = /^HTTP\/1\.[01] 100(?: [^\r\n]*)?\r?\n(?:[^\r\n]+\r?\n)*\r?\n/;
const BEGINNING = /^HTTP\/1\.[01] 100(?![^ \r\n])/;

const MAX_BYTES = 8192;

/**
 * Removes "100 Continue" from the answers on a connection. Some receivers send it though nothing asks for it, which is allowed
 * (RFC 9110, section 15.2), but `undici` takes it for a broken answer. It sends the next request only after the answer to the
 * last, so what comes after something was written is the beginning of an answer.
 */
export function skipContinue(socket: Socket): void {
  const [read, write] = [socket.read.bind(socket), socket.write.bind(socket)];
  /** The beginning of an answer, as far as it may still be "100 Continue". */
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
        beginning = withoutContinue(beginning + chunk.toString('latin1'));
        if (mayContinue(beginning)) continue;
        const rest = Buffer.from(beginning, 'latin1');
        beginning = undefined;
        return rest;
      }
    },
  });
}

function withoutContinue(text: string): string {
  const [found] = CONTINUE.exec(text) ?? [];
  return found === undefined ? text : withoutContinue(text.slice(found.length));
}

function mayContinue(text: string): boolean {
  if (text.length > MAX_BYTES) return false;
  return BEGINNING.test(text) || 'HTTP/1.1 100'.startsWith(text) || 'HTTP/1.0 100'.startsWith(text);
}
