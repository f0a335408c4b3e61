import { isUtf8 } from 'node:buffer';

const UTF_8 = 'utf-8';

/** What a file starts with that says how it is encoded. UTF-32 comes first: its mark begins with that of UTF-16. */
const MARKS = [
  { encoding: UTF_8, bytes: Buffer.from([0xef, 0xbb, 0xbf]) },
  { encoding: 'utf-32le', bytes: Buffer.from([0xff, 0xfe, 0, 0]) },
  { encoding: 'utf-32be', bytes: Buffer.from([0, 0, 0xfe, 0xff]) },
  { encoding: 'utf-16le', bytes: Buffer.from([0xff, 0xfe]) },
  { encoding: 'utf-16be', bytes: Buffer.from([0xfe, 0xff]) },
];
const LONGEST_MARK = 4;

/** Encodings of `iconv-lite` that are not encodings of text files. */
const NOT_OF_TEXTS = ['base64', 'hex', 'binary', 'internal', 'cesu8', 'utf7', 'utf7imap', 'unicode11utf7'];

/** A file as UTF-8. */
interface DecodedFile {
  /** How the file itself is encoded. */
  encoding: string;
  chunks: AsyncIterable<Buffer>;
}

/**
 * Turns a file into UTF-8. Its byte order mark counts for more than `encoding`. Bytes that are invalid in another encoding
 * become U+FFFD; a file in UTF-8 is passed through as it is.
 * @throws Error when there is no such encoding, or the file starts with other characters than those of UTF-8.
 */
export async function decode(source: AsyncIterable<Buffer>, encoding = UTF_8): Promise<DecodedFile> {
  const { start, chunks } = await peek(source);
  const marked = MARKS.find(({ bytes }) => start.subarray(0, bytes.length).equals(bytes));
  const name = (marked?.encoding ?? encoding).toLowerCase();
  if (name === UTF_8 || name === 'utf8') {
    requireNoNul(start.subarray(0, LONGEST_MARK));
    return { encoding: UTF_8, chunks };
  }
  // Not the TextDecoder of Node 20.20, which takes windows-1252 for ISO 8859-1.
  const { default: iconv } = await import('iconv-lite');
  if (!iconv.encodingExists(name) || NOT_OF_TEXTS.includes(name.replace(/[^a-z0-9]/g, '')))
    throw new Error(`Unknown encoding "${encoding}": try utf-8, utf-16le or windows-1252.`);
  const unit = iconv.encode('x', name, { addBOM: false }).length;
  return { encoding: name, chunks: transcode(chunks, iconv.getDecoder(name), unit) };
}

/** A text that starts with letters of ASCII shows by its NULs how many bytes a letter has, and which of them comes first. */
function requireNoNul(start: Buffer): void {
  const nul = start.indexOf(0);
  if (nul === -1) return;
  const encoding = `utf-${start.includes('\0\0') ? 32 : 16}${nul === 0 ? 'be' : 'le'}`;
  throw new Error(
    `The file is not UTF-8. It looks like ${encoding} without a byte order mark: add --encoding ${encoding}.`,
  );
}

async function peek(source: AsyncIterable<Buffer>): Promise<{ start: Buffer; chunks: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < LONGEST_MARK) {
    const { value, done } = await iterator.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    yield start;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { start, chunks: all() };
}

interface Decoder {
  write(bytes: Buffer): string;
  end(): string | undefined;
}

/** A file that ends within a character of `unit` bytes was cut off, and its last value is not what it was. */
async function* transcode(chunks: AsyncIterable<Buffer>, decoder: Decoder, unit: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    yield Buffer.from(decoder.write(chunk));
  }
  yield Buffer.from((decoder.end() ?? '') + (bytes % unit === 0 ? '' : '\uFFFD'));
}

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
