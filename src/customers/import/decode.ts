const UTF_8 = 'utf-8';

/** What a file starts with that says how it is encoded. */
const MARKS = [
  { encoding: UTF_8, bytes: Buffer.from([0xef, 0xbb, 0xbf]) },
  { encoding: 'utf-16le', bytes: Buffer.from([0xff, 0xfe]) },
  { encoding: 'utf-16be', bytes: Buffer.from([0xfe, 0xff]) },
];
const LONGEST_MARK = 3;

/** A file as UTF-8. */
export interface DecodedFile {
  /** How the file itself is encoded. */
  encoding: string;
  chunks: AsyncIterable<Buffer>;
}

/**
 * Turns a file into UTF-8. Its byte order mark counts for more than `encoding`. Where bytes are none of another encoding
 * than UTF-8, the text has a U+FFFD; those of UTF-8 are left as they are.
 * @throws Error when there is no such encoding.
 */
export async function decode(source: AsyncIterable<Buffer>, encoding = UTF_8): Promise<DecodedFile> {
  const { start, chunks } = await peek(source);
  const marked = MARKS.find(({ bytes }) => start.subarray(0, bytes.length).equals(bytes));
  const name = (marked?.encoding ?? encoding).toLowerCase();
  if (name === UTF_8 || name === 'utf8') return { encoding: UTF_8, chunks };
  // Not the TextDecoder of Node 20.20, which takes windows-1252 for ISO 8859-1.
  const { default: iconv } = await import('iconv-lite');
  if (!iconv.encodingExists(name))
    throw new Error(`Unknown encoding "${encoding}": try utf-8, utf-16le or windows-1252.`);
  return { encoding: name, chunks: transcode(chunks, iconv.getDecoder(name)) };
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

async function* transcode(chunks: AsyncIterable<Buffer>, decoder: Decoder): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(decoder.write(chunk));
  yield Buffer.from(decoder.end() ?? '');
}
