import { stringify } from 'csv-stringify/sync';
import type { CustomerDto } from '../dto/customer.dto';
import { COLUMNS } from '../import/columns';

/** All members, in the order of every answer (contract, "The customer"). */
const MEMBERS: (keyof CustomerDto)[] = [
  ...(['id', 'seller_id', 'first_name', 'last_name', 'email', 'company_name', 'legal_entity', 'language'] as const),
  ...(['address_data', 'postal_redirect_address', 'status', 'source', 'created_at', 'updated_at'] as const),
];

/** An address takes as many columns as it has members. */
const HEADER = MEMBERS.flatMap((member): { name: string; member: keyof CustomerDto; part?: string }[] => {
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
