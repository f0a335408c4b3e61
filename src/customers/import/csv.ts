import { type Column, COLUMNS, SERVER_MEMBERS } from './columns';
import { type CsvCells, readCells } from './csv-cells';
import type { Line } from './lines';
import type { RawRecord } from './records';

/**
 * Reads the customers of a CSV file with a header, whose columns come in any order.
 * @throws Error before the first record when the header is not one of customers.
 */
export async function* readCsv(lines: AsyncGenerator<Line>): AsyncGenerator<RawRecord> {
  const records = readCells(lines);
  const header = await records.next();
  const columns = readHeader(header.value as CsvCells | undefined);
  for await (const record of records) yield toRecord(record, columns);
}

/** The columns in their order in the file; undefined for one that is passed over. */
function readHeader(header: CsvCells | undefined): (Column | undefined)[] {
  if (!header) throw new Error('The file is empty: it has to start with a header.');
  if ('problem' in header) throw new Error(`line ${header.number}: ${header.problem}`);
  requireKnown(header.cells);
  requireUnique(header.cells);
  requireComplete(header.cells);
  return header.cells.map((cell) => COLUMNS.find(({ name }) => name === cell));
}

function requireKnown(cells: string[]): void {
  const known = [...COLUMNS.map(({ name }) => name), ...SERVER_MEMBERS];
  const unknown = cells.filter((cell) => !known.includes(cell));
  if (unknown.length === 0) return;
  throw new Error(`Unknown columns: ${quoted(unknown)}. Known columns are ${known.join(', ')}.`);
}

function requireUnique(cells: string[]): void {
  const repeated = cells.filter((cell, i) => cells.indexOf(cell) !== i);
  if (repeated.length > 0) throw new Error(`Repeated columns: ${quoted(repeated)}.`);
}

function requireComplete(cells: string[]): void {
  const missing = COLUMNS.filter(({ name, required }) => required && !cells.includes(name));
  if (missing.length > 0) throw new Error(`Missing columns: ${quoted(missing.map(({ name }) => name))}.`);
}

/** As JSON, so that no control character of the file reaches the terminal. */
function quoted(names: string[]): string {
  return [...new Set(names)].map((name) => JSON.stringify(name)).join(', ');
}

function toRecord(record: CsvCells, columns: (Column | undefined)[]): RawRecord {
  if ('problem' in record) return record;
  const { number, cells } = record;
  if (cells.length !== columns.length) {
    return { number, problem: `Record has ${cells.length} cells, the header has ${columns.length}` };
  }
  const members: Record<string, unknown> = {};
  columns.forEach((column, i) => column && setMember(members, column, cells[i] ?? ''));
  return { number, value: members };
}

/**
 * An empty cell clears what may be null. The status, which may neither be null nor empty, is then as if it were not
 * there: the default of a new customer, and what it is of another, so that running a file again changes nothing.
 */
function setMember(members: Record<string, unknown>, { member, part, required, nullable }: Column, cell: string): void {
  if (cell === '' && !nullable && !required) return;
  const value = cell === '' && nullable ? null : cell;
  members[member] = part ? { ...(members[member] as object | undefined), [part]: value } : value;
}
