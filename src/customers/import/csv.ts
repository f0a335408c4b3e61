import { fieldsOf } from '../../http/validation/fields';
import { nearest } from '../../spelling';
import { CreateCustomerDto } from '../dto/update-customer.dto';
import { type CsvCells, CsvReader } from './csv-reader';
import type { Line } from './lines';
import type { RawRecord } from './records';

/** A column of a CSV file: a field of a customer, or a field of one of its addresses, whose names a dot joins. */
interface Column {
  name: string;
  field: string;
  /** The field of the address. */
  part?: string;
  required: boolean;
  nullable: boolean;
}

/** The fields of a customer that belong to the service. An import ignores them, so that it can read an export. */
export const SERVER_FIELDS: readonly string[] = ['id', 'seller_id', 'source', 'created_at', 'updated_at'];

export const COLUMNS: readonly Column[] = [...fieldsOf(CreateCustomerDto)].flatMap(
  ([field, { nested, required, nullable }]) =>
    nested
      ? [...fieldsOf(nested)].map(([part, { nullable }]) => ({
          ...{ name: `${field}.${part}`, field, part },
          ...{ required: false, nullable },
        }))
      : [{ name: field, field, required, nullable }],
);

/** How a ZIP archive begins, such as a workbook of Excel. */
const ZIP = 'PK\x03\x04';

/** Names the customer, rather than being written. */
const ID: Column = { name: 'id', field: 'id', required: false, nullable: false };

interface HeaderOptions {
  /** Columns for names in the header that are none. */
  map?: ReadonlyMap<string, string>;
  /** Ignores columns that are unknown. */
  ignoreUnknown?: boolean;
  /** By what a customer is found. */
  match: 'email' | 'id';
}

/** What a column of the file is for: a field, nothing, or, when the header has no name for it, cells without a value. */
type Use = Column | 'ignored' | 'unnamed';

/** Column names are the same whatever their letter case, and with blanks, hyphens and underscores or without. */
function keyOf(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '');
}

const USES = new Map<string, Use>([
  ...SERVER_FIELDS.map((name): [string, Use] => [keyOf(name), 'ignored']),
  ...[...COLUMNS, ID].map((column): [string, Use] => [keyOf(column.name), column]),
]);
const NAMES = [...COLUMNS.map(({ name }) => name), ...SERVER_FIELDS];

/** Which columns a CSV file has, as its header says. */
class CsvHeader {
  private readonly mapped: ReadonlyMap<string, Use>;

  /** @throws Error when a column of the map is unknown. */
  constructor(private readonly options: HeaderOptions) {
    this.mapped = new Map([...(options.map ?? [])].map(([name, column]) => [keyOf(name), requireColumn(column)]));
  }

  isKnown(name: string): boolean {
    return this.find(name) !== undefined;
  }

  /** @throws Error when the columns are not those of customers. */
  read(names: string[]): Use[] {
    this.requireMapped(names);
    if (!this.options.ignoreUnknown) this.requireKnown(names);
    const uses = names.map((name) => (/\S/.test(name) ? (this.find(name) ?? 'ignored') : 'unnamed'));
    requireUnique(names, uses);
    const missing = this.missing(uses);
    if (missing.length > 0) throw new Error(`Missing columns: ${quoted(missing.map(({ name }) => name))}.`);
    return uses;
  }

  /** Whether a record is a header, too: that of a file which was glued to the first one. */
  isHeader(cells: string[]): boolean {
    if (!this.isKnown(cells[0] ?? '')) return false;
    return this.missing(cells.map((cell) => this.find(cell) ?? 'ignored')).length === 0;
  }

  /** The names of columns that are ignored because they are unknown. */
  unknown(names: string[]): string[] {
    return names.filter((name) => /\S/.test(name) && !this.isKnown(name));
  }

  private find(name: string): Use | undefined {
    return this.mapped.get(keyOf(name)) ?? USES.get(keyOf(name));
  }

  private missing(uses: Use[]): Column[] {
    const required = this.options.match === 'id' ? [ID] : COLUMNS.filter((column) => column.required);
    return required.filter((column) => !uses.includes(column));
  }

  private requireMapped(names: string[]): void {
    for (const name of this.options.map?.keys() ?? []) {
      if (names.some((other) => keyOf(other) === keyOf(name))) continue;
      throw new Error(`--map: the file has no column ${JSON.stringify(name)}${suggestion(name, names)}.`);
    }
  }

  private requireKnown(names: string[]): void {
    const unknown = [...new Set(this.unknown(names))];
    if (unknown.length === 0) return;
    if (unknown[0]?.startsWith(ZIP))
      throw new Error('This is not text but a workbook or a ZIP archive: save it as CSV.');
    if (unknown.some((name) => name.includes('\0')))
      throw new Error(
        'The header is not in the encoding of the file: it holds NULs. Try --encoding utf-16le or utf-16be.',
      );
    const example = unknown.find((name) => nearestColumn(name, NAMES)) ?? unknown[0] ?? '';
    const mapping = `${example}=${nearestColumn(example, NAMES) ?? '<column>'}`;
    const list = unknown.map((name) => `${JSON.stringify(name)}${suggestion(name, NAMES)}`).join(', ');
    throw new Error(
      `Unknown columns: ${list}. Known columns are ${NAMES.join(', ')}. ` +
        `Say which one it is with --map, as in --map ${JSON.stringify(mapping)}, or add --ignore-unknown.`,
    );
  }
}

function requireColumn(name: string): Use {
  const use = USES.get(keyOf(name));
  if (use !== undefined && use !== 'ignored') return use;
  throw new Error(`--map: there is no column ${JSON.stringify(name)} to be set${suggestion(name, NAMES)}.`);
}

function requireUnique(names: string[], uses: Use[]): void {
  uses.forEach((use, i) => {
    if (typeof use === 'string' || uses.indexOf(use) === i) return;
    const same = names.filter((_, j) => uses[j] === use);
    throw new Error(`Repeated columns: ${quoted(same)} are all ${use.name}.`);
  });
}

function nearestColumn(name: string, known: string[]): string | undefined {
  const byKey = new Map(known.map((name) => [keyOf(name), name]));
  return byKey.get(nearest(keyOf(name), [...byKey.keys()]) ?? '');
}

function suggestion(name: string, known: string[]): string {
  const found = nearestColumn(name, known);
  return found === undefined ? '' : ` (did you mean ${found}?)`;
}

function quoted(names: string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ');
}

export interface CsvOptions extends HeaderOptions {
  /** Called with the names of columns that are ignored because they are unknown, if there are any. */
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

/** A value without a column shows that the cells of the line are not those of the header. */
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
