import { ValidationException } from '../../http/errors';
import { isUuid } from '../../http/validation/formats';
import { isObject, validate } from '../../http/validation/validate';
import { CreateCustomerDto, UpdateCustomerDto } from '../dto/update-customer.dto';
import { SERVER_MEMBERS } from './columns';
import { describeViolations } from './sentences';

/** What a record of a file says, by the line in which it starts, or why it can't be read. */
export type RawRecord =
  { number: number; value: unknown; labels?: ReadonlyMap<string, string> } | { number: number; problem: string };

/** A record that is a customer. */
export interface NewCustomerRecord {
  number: number;
  members: CreateCustomerDto;
  /** Of the customer, where the file says it, as that of an export does. */
  id?: string;
}

/** A record that changes the customer with an id. */
export interface ChangeRecord {
  number: number;
  members: UpdateCustomerDto;
  id: string;
}

export type GoodRecord = NewCustomerRecord | ChangeRecord;

/** A record that is neither, and what is wrong with it. */
export interface BadRecord {
  number: number;
  problems: string[];
}

export type FileRecord<Good extends GoodRecord = GoodRecord> = Good | BadRecord;

export function isBad(record: FileRecord): record is BadRecord {
  return 'problems' in record;
}

/** For customers that are found by their email, or else made. */
export function checkNewCustomer(record: RawRecord): FileRecord<NewCustomerRecord> {
  return check<NewCustomerRecord>(record, (number, value, id) => {
    const members = validate(CreateCustomerDto, value);
    return typeof id === 'string' && isUuid(id) ? { number, members, id: id.toLowerCase() } : { number, members };
  });
}

/** For customers that are found by their id: of their members, only what changes has to be there. */
export function checkChange(record: RawRecord): FileRecord<ChangeRecord> {
  return check<ChangeRecord>(record, (number, value, id) => {
    if (typeof id === 'string' && isUuid(id)) {
      return { number, members: validate(UpdateCustomerDto, value), id: id.toLowerCase() };
    }
    return { number, problems: [id === undefined ? 'id is missing' : `id is not a UUID: ${JSON.stringify(id)}`] };
  });
}

function check<Good extends GoodRecord>(
  record: RawRecord,
  read: (number: number, value: unknown, id: unknown) => FileRecord<Good>,
): FileRecord<Good> {
  const { number } = record;
  if ('problem' in record) return { number, problems: [record.problem] };
  const id = isObject(record.value) ? record.value.id : undefined;
  const value = withoutServerMembers(record.value);
  try {
    return read(number, value, id);
  } catch (error) {
    if (!(error instanceof ValidationException)) throw error;
    const { errors, errors_omitted } = error.problem;
    const problems = describeViolations(errors, value, record.labels);
    return { number, problems: errors_omitted ? [...problems, `and ${errors_omitted} more things`] : problems };
  }
}

function withoutServerMembers(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !SERVER_MEMBERS.includes(name)));
}
