import { type Column, CsvHeader, type HeaderOptions, type Use } from './csv-header';
import { type CsvCells, CsvReader } from './csv-reader';
import type { Line } from './lines';
import type { RawRecord } from './records';

export interface CsvOptions extends HeaderOptions {
  /** Called with the names of columns that are passed over because they are unknown, if there are any. */
  onIgnored?(names: string[]): void;
}

/** The columns of a file, as it names them and as they are used. */
interface Columns {
  names: string[];
  uses: Use[];
  /** What the file calls a field, by the field's name, where that is another name. */
  labels: ReadonlyMap<string, string>;
}

/**
 * Reads the customers of a CSV file with a header, whose columns come in any order.
 * @throws Error before the first record when the header is not one of customers.
 */
export async function* readCsv(lines: AsyncGenerator<Line>, options: CsvOptions): AsyncGenerator<RawRecord> {
  const header = new CsvHeader(options);
  const reader = new CsvReader(lines);
  const columns = toColumns(await reader.header((name) => header.isKnown(name)), header);
  const unknown = header.unknown(columns.names);
  if (unknown.length > 0) options.onIgnored?.(unknown);
  for (let record = await reader.next(); record; record = await reader.next()) {
    if ('problem' in record || !header.isHeader(record.cells)) {
      yield toRecord(record, columns);
    } else if (!isEqual(record.cells, columns.names)) {
      yield { number: record.number, problem: 'another header starts here: it and all that follows was left out' };
      return;
    }
  }
}

function toColumns(record: CsvCells | undefined, header: CsvHeader): Columns {
  if (!record) throw new Error('The file is empty: it has to start with a header.');
  if ('problem' in record) throw new Error(`Line ${record.number}: ${record.problem}.`);
  const names = record.cells;
  const uses = header.read(names);
  const labels = new Map<string, string>();
  uses.forEach((use, i) => typeof use === 'object' && names[i] !== use.name && labels.set(use.name, names[i] ?? ''));
  return { names, uses, labels };
}

function toRecord(record: CsvCells, { uses, labels }: Columns): RawRecord {
  if ('problem' in record) return record;
  const { number, cells } = record;
  const fields: Record<string, unknown> = {};
  for (const [i, cell] of cells.entries()) {
    const use = uses[i] ?? 'unnamed';
    if (typeof use === 'object') setField(fields, use, cell);
    else if (use === 'unnamed' && /\S/.test(cell)) return { number, problem: problemOf(cells, uses, i) };
  }
  return { number, value: fields, labels };
}

/** A value that nobody has asked for shows that the cells of the line are not those of the header. */
function problemOf(cells: string[], uses: Use[], index: number): string {
  if (index < uses.length) return `column ${index + 1} has a value, but no name in the header`;
  return `it has ${cells.length} cells, and the header has ${uses.length}`;
}

/**
 * An empty cell clears what may be null. The status, which may neither be null nor empty, is then as if it were not
 * there: the default of a new customer, and what it is of another, so that running a file again changes nothing.
 */
function setField(fields: Record<string, unknown>, { field, part, required, nullable }: Column, cell: string): void {
  if (cell === '' && !nullable && !required) return;
  const value = cell === '' && nullable ? null : cell;
  fields[field] = part ? { ...(fields[field] as object | undefined), [part]: value } : value;
}

function isEqual(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((cell, i) => cell === other[i]);
}
