import type { Address, Customer } from '../customer.entity';
import type { AddressDto } from '../dto/address.dto';
import type { UpdateCustomerDto } from '../dto/update-customer.dto';
import { mergePatch } from './merge-patch';

/** The members of a customer that a change can touch. */
export type Members = Pick<Customer, keyof UpdateCustomerDto>;

/** What a member was and is. An address is one whole value. */
export interface MemberChange {
  old: Members[keyof Members];
  new: Members[keyof Members];
}

/** What differs between two versions of a customer, in the order of the members. */
export type Changes = Partial<Record<keyof Members, MemberChange>>;

/** In the order of the contract's table of members, which answers and messages keep. */
export const MEMBERS = [
  'first_name',
  'last_name',
  'email',
  'company_name',
  'legal_entity',
  'language',
  'status',
  'address_data',
  'postal_redirect_address',
] as const satisfies readonly (keyof Members)[];

const ADDRESS_MEMBERS = ['street', 'city', 'postal_code', 'country'] as const;

/**
 * Merges a change into a customer: RFC 7396, but that null is kept as the value of a member, and that an address of which
 * nothing is left is null. Pure.
 */
export function merge<T extends Members>(current: T, patch: UpdateCustomerDto): T {
  const next: T = { ...current };
  for (const member of MEMBERS) {
    const value = patch[member];
    if (value === undefined) continue;
    const isAddress = typeof value === 'object' && value !== null;
    Object.assign(next, { [member]: isAddress ? mergeAddress(current[member] as Address | null, value) : value });
  }
  return next;
}

function mergeAddress(current: Address | null, patch: AddressDto): Address | null {
  const merged = mergePatch({ ...current }, { ...patch }) as Address;
  return ADDRESS_MEMBERS.some((member) => merged[member] !== undefined) ? inOrder(merged) : null;
}

/** The members alone, as answers show them. */
export function membersOf(customer: Members): Members {
  return Object.fromEntries(MEMBERS.map((member) => [member, shown(customer[member])])) as unknown as Members;
}

/** What is other in `after` than in `before`. Without `before`, everything that `after` has. */
export function changesBetween(before: Members | undefined, after: Members): Changes {
  const changes: Changes = {};
  for (const member of MEMBERS) {
    const old = before?.[member] ?? null;
    const value = after[member];
    if (!isEqual(old, value)) changes[member] = { old: shown(old), new: shown(value) };
  }
  return changes;
}

export function isEmpty(changes: Changes): boolean {
  for (const _ in changes) return false;
  return true;
}

function isEqual(one: MemberChange['old'], other: MemberChange['old']): boolean {
  if (one === other) return true;
  if (one === null || other === null || typeof one === 'string' || typeof other === 'string') return false;
  return ADDRESS_MEMBERS.every((member) => one[member] === other[member]);
}

function shown(value: MemberChange['old']): MemberChange['old'] {
  return value !== null && typeof value === 'object' ? inOrder(value) : value;
}

/** jsonb keeps members in an order of its own; JSON.stringify leaves out the undefined ones. */
export function inOrder(address: Address): Address {
  const { street, city, postal_code, country } = address;
  return { street, city, postal_code, country };
}
