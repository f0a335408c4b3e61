import { isUtf8 } from 'node:buffer';
import type { DecodedFile } from './decode';

/** The most bytes of a line, as of the body of a request. */
export const MAX_BYTES = 64 * 1024;

/** A line of a file as an editor counts them. */
export interface Line {
  number: number;
  /** Without its end; empty when it is too large. */
  text: string;
  end: '' | '\n' | '\r\n' | '\r';
  /** Without its end. */
  bytes: number;
  /** Why it can't be read. */
  problem?: string;
}

const LF = 0x0a;
const CR = 0x0d;

export const TOO_LARGE = 'it is longer than 64 KiB';

/**
 * Splits a file into lines, of which only one is held at a time, and of one that is too large not even that. They end in
 * LF, CRLF or CR, also where files with different ends were glued together.
 */
export async function* readLines({ encoding, chunks }: DecodedFile): AsyncGenerator<Line> {
  let count = 0;
  let line = new Pieces(encoding);
  for await (const chunk of withWholeEnds(chunks)) {
    let start = 0;
    let [lf, cr] = [chunk.indexOf(LF), chunk.indexOf(CR)];
    while (lf !== -1 || cr !== -1) {
      const at = cr === -1 || (lf !== -1 && lf < cr) ? lf : cr;
      const end = at === lf ? '\n' : lf === at + 1 ? '\r\n' : '\r';
      line.add(chunk.subarray(start, at));
      yield line.toLine(++count, end);
      line = new Pieces(encoding);
      start = at + end.length;
      if (lf !== -1 && lf < start) lf = chunk.indexOf(LF, start);
      if (cr !== -1 && cr < start) cr = chunk.indexOf(CR, start);
    }
    line.add(chunk.subarray(start));
  }
  if (line.bytes > 0) yield line.toLine(count + 1, '');
}

/** Puts a CR that ends a chunk in front of the next one: it may be the first half of a CRLF. */
async function* withWholeEnds(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const whole = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
    const size = whole.at(-1) === CR ? whole.length - 1 : whole.length;
    held = whole.subarray(size);
    yield whole.subarray(0, size);
  }
  yield held;
}

export function isBlank({ text, problem }: Line): boolean {
  return !problem && !/\S/.test(text);
}

/** A line without the byte order mark that the first of a file may have, also of one that was glued to another. */
export function withoutMark(line: Line): Line {
  return line.text.startsWith('\uFEFF') ? { ...line, text: line.text.slice(1) } : line;
}

/** A line that arrives in pieces. */
class Pieces {
  bytes = 0;
  private pieces: Buffer[] = [];

  constructor(private readonly encoding: string) {}

  add(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.isTooLarge()) this.pieces = [];
    else if (piece.length > 0) this.pieces.push(piece);
  }

  toLine(number: number, end: Line['end']): Line {
    const { bytes } = this;
    if (this.isTooLarge()) return { number, text: '', end, bytes, problem: TOO_LARGE };
    const [only = Buffer.alloc(0)] = this.pieces;
    const content = this.pieces.length > 1 ? Buffer.concat(this.pieces) : only;
    const text = content.toString();
    const problem = this.problemOf(content, text);
    return { number, text, end, bytes, ...(problem && { problem }) };
  }

  private problemOf(content: Buffer, text: string): string | undefined {
    if (this.encoding !== 'utf-8') return text.includes('\uFFFD') ? `it is not valid ${this.encoding}` : undefined;
    if (isUtf8(content)) return undefined;
    const other = content.includes(0)
      ? 'UTF-16 wants --encoding utf-16le'
      : 'older Windows programs want --encoding windows-1252';
    return `it is not valid UTF-8 (${other})`;
  }

  private isTooLarge(): boolean {
    return this.bytes > MAX_BYTES;
  }
}
