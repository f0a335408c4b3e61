import type { Address } from './customer.entity';
import type { AddressDto } from './dto/address.dto';
import type { UpdateCustomerDto } from './dto/update-customer.dto';

/** A change in SQL, with a named parameter for each member that it sends. */
export interface Merge {
  set: Record<string, () => string>;
  /** True for a row that the change would alter. */
  differs: string;
  parameters: Record<string, unknown>;
}

/**
 * Writes a merge patch (RFC 7396) as SQL on the row's own values, so that the database merges what it finds once it
 * holds the row: of two changes at once neither is lost, down to the members of one address.
 *
 * The names of the members become SQL. They are the DTO's own, which lets no other pass.
 */
export function mergePatch(patch: UpdateCustomerDto): Merge {
  const merge: Merge = { set: {}, differs: 'false', parameters: {} };
  for (const [member, value] of Object.entries(patch)) {
    const isAddress = typeof value === 'object' && value !== null;
    const next = isAddress ? mergedAddress(member) : `:${member}`;
    merge.set[member] = () => next;
    merge.differs += ` OR ${member} IS DISTINCT FROM ${next}`;
    merge.parameters[member] = isAddress ? JSON.stringify(value) : value;
  }
  return merge;
}

/** The members of an address that are set, or null when none is: what a merge into nothing leaves. */
export function setMembers(address: AddressDto | null | undefined): Address | null {
  const set = Object.entries(address ?? {}).filter(([, value]) => value !== null);
  return set.length > 0 ? (Object.fromEntries(set) as Address) : null;
}

function mergedAddress(member: string): string {
  return `NULLIF(jsonb_strip_nulls(COALESCE(${member}, '{}') || CAST(:${member} AS jsonb)), '{}')`;
}
