import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type CsvOptions, readCsv } from './csv';
import { type Format, formatOf } from './format';
import { decode, isBlank, type Line, readLines, withoutMark } from './lines';
import type { RawRecord } from './records';

export interface FileOptions extends CsvOptions {
  /** What the name of the file says unless told otherwise. */
  format?: Format;
  /** What its byte order mark says, or else UTF-8, unless told otherwise. */
  encoding?: string;
}

/** Names what the process gets on its standard input. */
const STANDARD_INPUT = '-';

/** A file of customers, read record by record. */
export class CustomerFile {
  bytesRead = 0;

  private constructor(
    private readonly stream: Readable,
    private readonly format: Format,
    /** Undefined when it is unknown, as on standard input. */
    readonly size?: number,
  ) {}

  /** @throws Error when there is no such file, or its format is unknown. */
  static async open(path: string, { format = formatOf(path) }: Pick<FileOptions, 'format'>): Promise<CustomerFile> {
    if (!format) throw new Error(`"${path}" does not end in .csv, .ndjson or .jsonl. Name it so, or add --format.`);
    if (path === STANDARD_INPUT) return new CustomerFile(process.stdin, format);
    const file = await open(path);
    const status = await file.stat();
    if (!status.isDirectory()) return new CustomerFile(file.createReadStream(), format, status.size || undefined);
    await file.close();
    throw new Error(`"${path}" is a folder.`);
  }

  /** @throws Error before the first record when the header is not one of customers, or there is no such encoding. */
  async *records(options: FileOptions): AsyncGenerator<RawRecord> {
    try {
      const lines = readLines(await decode(this.count(), options.encoding));
      yield* this.format === 'csv' ? readCsv(lines, options) : readNdjson(lines);
    } finally {
      this.stream.destroy();
    }
  }

  private async *count(): AsyncGenerator<Buffer> {
    for await (const chunk of this.stream as AsyncIterable<Buffer>) {
      this.bytesRead += chunk.length;
      yield chunk;
    }
  }
}

/** Reads a JSON value from each line that is not blank. */
async function* readNdjson(lines: AsyncIterable<Line>): AsyncGenerator<RawRecord> {
  for await (const line of lines) {
    if (!isBlank(line)) yield parseLine(withoutMark(line));
  }
}

function parseLine({ number, text, problem }: Line): RawRecord {
  if (problem) return { number, problem };
  try {
    return { number, value: JSON.parse(text) };
  } catch {
    return { number, problem: 'it is not valid JSON' };
  }
}
