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

/** What `iconv-lite` takes for encodings and is not one of texts, or not one of files. */
const NOT_OF_TEXTS = ['base64', 'hex', 'binary', 'internal', 'cesu8', 'utf7', 'utf7imap', 'unicode11utf7'];

/** A file as UTF-8. */
export interface DecodedFile {
  /** How the file itself is encoded. */
  encoding: string;
  chunks: AsyncIterable<Buffer>;
}

/**
 * Turns a file into UTF-8. Its byte order mark counts for more than `encoding`. Where bytes are none of another encoding
 * than UTF-8, the text has a U+FFFD; those of UTF-8 are left as they are.
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
