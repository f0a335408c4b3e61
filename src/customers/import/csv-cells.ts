import { CsvError, parse } from 'csv-parse/sync';
import { isBlank, type Line, MAX_BYTES } from './lines';

/** A record of a CSV file, by the line in which it starts: its cells, or why it has none. */
export type CsvCells = { number: number; cells: string[] } | { number: number; problem: string };

/** An unquoted CR is text: the ends of lines are not in what is parsed. */
const RFC_4180 = { record_delimiter: ['\n'], relax_column_count: true };

const TOO_LARGE = 'Record is too large: more than 64 KiB';
const NOT_CLOSED = 'Line is not valid CSV: a quote is not closed';
const MISPLACED = 'Line is not valid CSV: a quote is in the wrong place';

/**
 * Splits lines into records (RFC 4180). A quoted cell may go on over lines, up to the size of a line; blank lines are
 * passed over.
 *
 * A quote too many must not swallow the rest of the file: after a record whose quotes are wrong, reading goes on with
 * the very next line, whether or not that one was taken for a part of the record.
 */
export async function* readCells(source: AsyncGenerator<Line>): AsyncGenerator<CsvCells> {
  const lines = new Lines(source);
  for (let line = await lines.next(); line; line = await lines.next()) {
    if (!isBlank(line)) yield await readRecord(line, lines);
  }
}

/** Lines of which some can be put back, to be read again. */
class Lines {
  private readonly returned: Line[] = [];

  constructor(private readonly source: AsyncGenerator<Line>) {}

  async next(): Promise<Line | undefined> {
    return this.returned.pop() ?? ((await this.source.next()).value as Line | undefined);
  }

  putBack(lines: Line[]): void {
    this.returned.push(...lines.toReversed());
  }
}

async function readRecord(first: Line, rest: Lines): Promise<CsvCells> {
  const { number } = first;
  const lines = await readUntilQuotesPair(first, rest);
  const record = isPaired(lines) ? parseCells(textOf(lines)) : { problem: NOT_CLOSED };
  if ('problem' in record) {
    rest.putBack(lines.slice(1));
    return { number, problem: first.problem ?? record.problem };
  }
  const problem = lines.find((line) => line.problem)?.problem ?? (sizeOf(lines) > MAX_BYTES ? TOO_LARGE : undefined);
  return problem === undefined ? { number, ...record } : { number, problem };
}

/** Quotes come in pairs, around a cell or as one that is doubled within it: with an odd number, a cell is still open. */
async function readUntilQuotesPair(first: Line, rest: Lines): Promise<Line[]> {
  const lines = [first];
  let bytes = sizeOf(lines);
  let isOpen = hasOddQuotes(first) && !first.problem;
  while (isOpen && bytes <= MAX_BYTES) {
    const line = await rest.next();
    if (!line) break;
    lines.push(line);
    bytes += sizeOf([line]);
    isOpen = !hasOddQuotes(line);
  }
  return lines;
}

function isPaired(lines: Line[]): boolean {
  return lines.filter(hasOddQuotes).length % 2 === 0;
}

function hasOddQuotes({ text }: Line): boolean {
  let isOdd = false;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) isOdd = !isOdd;
  return isOdd;
}

function sizeOf(lines: Line[]): number {
  return lines.reduce((sum, { bytes, end }) => sum + bytes + (end ? 1 : 0), 0);
}

/** The end of the last line ends the record; those of the others are part of a cell. */
function textOf(lines: Line[]): string {
  return lines.map(({ text, end }, i) => (i < lines.length - 1 ? text + end : text)).join('');
}

function parseCells(text: string): { cells: string[] } | { problem: string } {
  try {
    const [cells = []] = parse(text, RFC_4180);
    return { cells };
  } catch (error) {
    if (error instanceof CsvError) return { problem: MISPLACED };
    throw error;
  }
}
