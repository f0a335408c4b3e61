import { stringify } from 'csv-stringify/sync';
import { ANSWER_MEMBERS } from '../customer.fields';
import type { CustomerDto } from '../dto/customer.dto';
import { COLUMNS } from '../import/columns';

/** An address takes as many columns as it has members. */
const HEADER = ANSWER_MEMBERS.flatMap((member): { name: string; member: keyof CustomerDto; part?: string }[] => {
  const parts = COLUMNS.filter((column) => column.member === member && column.part);
  return parts.length > 0 ? parts.map(({ name, part }) => ({ name, member, part })) : [{ name: member, member }];
});

export function csvHeader(): string {
  return toLines([HEADER.map(({ name }) => name)]);
}

/** What is null, or not set, is an empty cell; no text is empty. */
export function toCsv(customers: CustomerDto[], show = (text: string) => text): string {
  const cells = (customer: CustomerDto) =>
    HEADER.map(({ member, part }) => {
      const cell = cellOf(customer[member], part);
      return typeof cell === 'string' ? show(cell) : cell;
    });
  return toLines(customers.map(cells));
}

function cellOf(value: CustomerDto[keyof CustomerDto], part?: string): string | null | undefined {
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).find(([name]) => name === part)?.[1];
}

/** Without quotes, a CR at the end of a cell could be taken for a part of the end of its line. */
function toLines(rows: (string | null | undefined)[][]): string {
  return stringify(rows, { quoted_match: '\r' });
}
