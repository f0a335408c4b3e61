import { isUtf8 } from 'node:buffer';

/** The most bytes of a line, as of the body of a request. */
export const MAX_BYTES = 64 * 1024;

/** A line of a file as an editor counts them. */
export interface Line {
  number: number;
  /** Without its end; empty when it is too large. */
  text: string;
  end: '' | '\n' | '\r\n';
  bytes: number;
  /** Why it can't be read. */
  problem?: string;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * Splits bytes into lines, of which only one is held at a time, and of one that is too large not even that. A byte order
 * mark in front of the first is left out.
 */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let count = 0;
  let line = new Pieces();
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      line.add(chunk.subarray(start, end));
      yield line.toLine(++count, '\n');
      line = new Pieces();
      start = end + 1;
    }
    line.add(chunk.subarray(start));
  }
  if (line.bytes > 0) yield line.toLine(count + 1, '');
}

export function isBlank({ text, problem }: Line): boolean {
  return !problem && !/\S/.test(text);
}

/** A line that arrives in pieces. */
class Pieces {
  bytes = 0;
  private pieces: Buffer[] = [];

  add(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.isTooLarge()) this.pieces = [];
    else if (piece.length > 0) this.pieces.push(piece);
  }

  toLine(number: number, end: '' | '\n'): Line {
    const { bytes } = this;
    if (this.isTooLarge()) return { number, text: '', end, bytes, problem: 'Line is too large: more than 64 KiB' };
    const [only = Buffer.alloc(0)] = this.pieces;
    const content = this.pieces.length > 1 ? Buffer.concat(this.pieces) : only;
    const isCrLf = end === '\n' && content.at(-1) === CR;
    const text = content.toString('utf8', 0, isCrLf ? bytes - 1 : bytes);
    return {
      number,
      text: number === 1 ? text.replace(/^\uFEFF/, '') : text,
      end: isCrLf ? '\r\n' : end,
      bytes,
      ...(!isUtf8(content) && { problem: 'Line is not valid UTF-8' }),
    };
  }

  private isTooLarge(): boolean {
    return this.bytes > MAX_BYTES;
  }
}
