import { isDeepStrictEqual } from 'node:util';
import type { Address, Customer } from './customer.entity';
import type { AddressDto } from './dto/address.dto';
import type { UpdateCustomerDto } from './dto/update-customer.dto';

/** The members of a customer that a change can touch. */
export type Members = Pick<Customer, keyof UpdateCustomerDto>;

export interface Merged<T> {
  /** What the change leaves: a new object, with everything of the old one that the change does not touch. */
  next: T;
  /** Whether anything is other than before. */
  differs: boolean;
}

/**
 * Merges a change (RFC 7396) into a customer: an absent member stays, null clears, an address merges member by member.
 * The same as `MERGE_PATCH` does in SQL, for a row that the caller holds locked. Pure.
 */
export function merge<T extends Members>(current: T, patch: UpdateCustomerDto): Merged<T> {
  const { address_data, postal_redirect_address, ...texts } = patch;
  const next: T = {
    ...current,
    ...present(texts),
    address_data: mergeAddress(current.address_data, address_data),
    postal_redirect_address: mergeAddress(current.postal_redirect_address, postal_redirect_address),
  };
  const members = Object.keys(patch) as (keyof Members)[];
  return { next, differs: members.some((member) => !isDeepStrictEqual(next[member], current[member])) };
}

/** What is not there stays, whether the member is missing or undefined. */
function present<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

function mergeAddress(current: Address | null, patch: AddressDto | null | undefined): Address | null {
  if (patch === undefined) return current;
  return patch && setMembers({ ...current, ...present(patch) });
}

/** The members of an address that are set, or null when none is. */
function setMembers(address: AddressDto): Address | null {
  const set = Object.entries(address).filter(([, value]) => value !== null);
  return set.length > 0 ? (Object.fromEntries(set) as Address) : null;
}
