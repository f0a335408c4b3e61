import { ValidationException } from '../../http/errors/errors';
import { isUuid } from '../../http/validation/formats';
import { isObject, validate } from '../../http/validation/validate';
import type { Violation } from '../../http/errors/errors';
import { CreateCustomerDto, UpdateCustomerDto } from '../dto/update-customer.dto';
import type { Change } from '../write/write-request';
import { SERVER_FIELDS } from './csv';

/** What a record of a file says, by the line in which it starts, or why it can't be read. */
export type RawRecord =
  { number: number; value: unknown; labels?: ReadonlyMap<string, string> } | { number: number; problem: string };

/** A valid record. */
export interface GoodRecord {
  number: number;
  change: Change;
}

/** An invalid record and its problems. */
interface BadRecord {
  number: number;
  problems: string[];
}

export type FileRecord = GoodRecord | BadRecord;

/**
 * Reads a record as a change of the customer with its email, or of the one with its id. In the latter case only the fields
 * that change have to be there.
 */
export function checkRecord(record: RawRecord, match: 'email' | 'id'): FileRecord {
  const { number } = record;
  if ('problem' in record) return { number, problems: [record.problem] };
  const value = withoutServerFields(record.value);
  const given = isObject(record.value) ? record.value.id : undefined;
  const id = typeof given === 'string' && isUuid(given) ? given.toLowerCase() : undefined;
  try {
    if (match === 'email') {
      return { number, change: { type: 'upsert', patch: validate(CreateCustomerDto, value), id } };
    }
    if (id !== undefined) return { number, change: { type: 'patch', id, patch: validate(UpdateCustomerDto, value) } };
    return { number, problems: [given === undefined ? 'id is missing' : `id is not a UUID: ${JSON.stringify(given)}`] };
  } catch (error) {
    if (!(error instanceof ValidationException)) throw error;
    const { errors, errors_omitted } = error.problem;
    const problems = describeViolations(errors, value, record.labels);
    return { number, problems: errors_omitted ? [...problems, `and ${errors_omitted} more things`] : problems };
  }
}

function withoutServerFields(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !SERVER_FIELDS.includes(name)));
}

/** As much of a value as a report shows. */
const SHOWN = 60;

/**
 * What is wrong with a record, in words for a person who has the file before them: one thing for each field, by the name
 * that the file has for it.
 */
function describeViolations(
  violations: readonly Violation[],
  value: unknown,
  labels: ReadonlyMap<string, string> = new Map(),
): string[] {
  const seen = new Set<string>();
  return violations.flatMap((violation) => {
    const { pointer } = violation;
    if (seen.has(pointer)) return [];
    seen.add(pointer);
    const path = pointer.split('/').slice(1);
    const name = path.join('.');
    const label = labels.get(name);
    return describe(violation, label === undefined ? name : JSON.stringify(label), valueAt(value, path));
  });
}

function describe({ code, limit, allowed, suggestion, message }: Violation, name: string, value: unknown): string {
  switch (code) {
    case 'required':
      return `${name} is missing`;
    case 'min_length':
      return `${name} is empty`;
    case 'pattern':
      return `${name} is blank`;
    case 'max_length':
      return `${name} is longer than ${limit} characters`;
    case 'format':
      return value === '' ? `${name} is empty` : `${name} is not an email address: ${shown(value)}`;
    case 'enum':
      return `${name} is neither ${allowed?.filter((text) => text !== null).join(' nor ')}: ${shown(value)}`;
    case 'well_formed':
      return `${name} holds a NUL or half a character`;
    case 'additional_property':
      return `${JSON.stringify(name)} is not known${suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`}`;
    case 'min_properties':
      return 'it has nothing to change';
    default:
      return name === '' ? message.replace('body must be', 'it is no') : message.replace(/^body\S*/, name);
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function valueAt(value: unknown, path: string[]): unknown {
  return path.reduce((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}
