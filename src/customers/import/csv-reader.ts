import { CsvError, parse } from 'csv-parse/sync';
import { isBlank, type Line, MAX_BYTES, TOO_LARGE, withoutMark } from './lines';

/** A record of a CSV file, by the line in which it starts: its cells, or why it has none. */
export type CsvCells = { number: number; cells: string[] } | { number: number; problem: string };

const NOT_CLOSED = 'a quote is not closed';
const QUOTE_WITHIN = 'a quote is within a cell: put the whole cell in quotes, and double each quote in it';
const TEXT_AFTER_QUOTE = 'a cell goes on after its closing quote: double each quote that belongs to the cell';

/** What spreadsheets put between cells; the first wins where a header says nothing. */
const SEPARATORS = [',', ';', '\t'];

/** A line by which Excel is told the separator, and which Excel writes itself. */
const SEPARATOR_LINE = /^"?sep=([^\w"])"?$/i;

/**
 * Splits lines into records (RFC 4180) and those into cells. A quoted cell may go on over lines, up to the size of a line.
 * Blank lines, and lines with nothing but separators, are skipped.
 *
 * A quote too many must not swallow the rest of the file: after a record whose quotes are wrong, reading goes on with
 * the very next line, whether or not that one was taken for a part of the record. That is why `csv-parse` gets record by
 * record: it can't take up again after such an error, and finds a separator by counting characters of values.
 */
export class CsvReader {
  private readonly lines: Lines;
  private separator = ',';
  /** The line of the header. */
  private headerText = '';

  constructor(source: AsyncGenerator<Line>) {
    this.lines = new Lines(source);
  }

  /**
   * The first record, and with it the separator for all: the one that a line before it names, or else the one by which the
   * header has the most known columns, or else the most columns.
   */
  async header(isKnown: (name: string) => boolean): Promise<CsvCells | undefined> {
    let first = await this.nextLine();
    const named = first && SEPARATOR_LINE.exec(first.text)?.[1];
    if (named) first = await this.nextLine();
    if (!first) return undefined;
    const lines = await readUntilQuotesPair(first, this.lines);
    this.headerText = textOf(lines);
    let best: { record: CsvCells; isMisquoted: boolean; known: number; count: number } | undefined;
    for (const separator of named ? [named] : SEPARATORS) {
      const { record, isMisquoted } = parseRecord(lines, separator);
      const cells = 'cells' in record ? record.cells : [];
      const [known, count] = [cells.filter(isKnown).length, cells.length];
      if (best && (known < best.known || (known === best.known && count <= best.count))) continue;
      best = { record, isMisquoted, known, count };
      this.separator = separator;
    }
    if (best?.isMisquoted) this.lines.putBack(lines.slice(1));
    return best?.record;
  }

  async next(): Promise<CsvCells | undefined> {
    for (let line = await this.nextLine(); line; line = await this.nextLine()) {
      const record = await this.readRecord(this.withoutGluedHeader(line));
      if ('problem' in record || record.cells.some((cell) => /\S/.test(cell))) return record;
    }
    return undefined;
  }

  private async nextLine(): Promise<Line | undefined> {
    let line = await this.lines.next();
    while (line && isBlank(line)) line = await this.lines.next();
    return line && withoutMark(line);
  }

  /** The last line of a file that another one was glued to without a line break. */
  private withoutGluedHeader(line: Line): Line {
    const mark = line.text.indexOf('\uFEFF');
    return mark !== -1 && line.text.slice(mark + 1) === this.headerText
      ? { ...line, text: line.text.slice(0, mark) }
      : line;
  }

  private async readRecord(first: Line): Promise<CsvCells> {
    const lines = await readUntilQuotesPair(first, this.lines);
    const { record, isMisquoted } = parseRecord(lines, this.separator);
    if (isMisquoted) this.lines.putBack(lines.slice(1));
    return record;
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

function parseRecord(lines: Line[], separator: string): { record: CsvCells; isMisquoted: boolean } {
  const [first] = lines;
  const number = first?.number ?? 0;
  const parsed = isPaired(lines) ? parseCells(textOf(lines), separator) : { problem: NOT_CLOSED };
  if ('problem' in parsed) return { record: { number, problem: first?.problem ?? parsed.problem }, isMisquoted: true };
  const problem = lines.find((line) => line.problem)?.problem ?? (sizeOf(lines) > MAX_BYTES ? TOO_LARGE : undefined);
  return { record: problem === undefined ? { number, ...parsed } : { number, problem }, isMisquoted: false };
}

function parseCells(text: string, delimiter: string): { cells: string[] } | { problem: string } {
  try {
    const [cells = []] = parse(text, { delimiter, record_delimiter: ['\n'], relax_column_count: true });
    return { cells };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { problem: error.code === 'INVALID_OPENING_QUOTE' ? QUOTE_WITHIN : TEXT_AFTER_QUOTE };
  }
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
  return lines.reduce((sum, { bytes, end }) => sum + bytes + end.length, 0);
}

/** The end of the last line ends the record; those of the others are part of a cell. */
function textOf(lines: Line[]): string {
  return lines.map(({ text, end }, i) => (i < lines.length - 1 ? text + end : text)).join('');
}
