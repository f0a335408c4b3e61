import { v7 as uuidv7 } from 'uuid';
import type { Address, Customer, Source } from './customer.entity';
import {
  ADDRESS_FIELD_NAMES,
  type CustomerFields,
  FIELD_DEFAULTS,
  FIELD_NAMES,
  type FieldName,
} from './customer.fields';
import type { AddressDto, CreateCustomerDto, UpdateCustomerDto } from './dto/update-customer.dto';

type FieldValue = CustomerFields[FieldName];

/** The old and the new value of a field. An address is one whole value. */
interface FieldChange {
  old: FieldValue;
  new: FieldValue;
}

/** What differs between two versions of a customer, in the order of the fields. */
export type Changes = Partial<Record<FieldName, FieldChange>>;

/**
 * Merges a change into a customer as RFC 7396 does, with two exceptions: a field that is cleared stays, as null; and an
 * address with nothing left in it becomes null. Does not touch its arguments.
 */
export function merge<T extends CustomerFields>(current: T, patch: UpdateCustomerDto): T {
  const next: T = { ...current };
  const fields: Record<FieldName, FieldValue> = next;
  for (const name of FIELD_NAMES) {
    const value = patch[name];
    if (value === undefined) continue;
    fields[name] = isAddress(value) ? mergeAddress(current[name] as Address | null, value) : value;
  }
  return next;
}

function mergeAddress(current: Address | null, patch: AddressDto): Address | null {
  const merged: Address = {};
  let isEmpty = true;
  for (const name of ADDRESS_FIELD_NAMES) {
    const value = patch[name] === undefined ? current?.[name] : patch[name];
    if (value === undefined || value === null) continue;
    merged[name] = value;
    isEmpty = false;
  }
  return isEmpty ? null : merged;
}

/** A new customer, at version 1. The database sets its times when it writes the row. */
export function newCustomer(sellerId: string, values: CreateCustomerDto, source: Source): Customer {
  const { first_name, last_name, email } = values;
  const now = new Date();
  return {
    ...merge({ ...FIELD_DEFAULTS, first_name, last_name, email }, values),
    seller_id: sellerId,
    id: uuidv7(),
    version: 1,
    source,
    created_at: now,
    updated_at: now,
  };
}

/** Only the fields, as answers show them. */
export function fieldsOf(customer: CustomerFields): CustomerFields {
  return Object.fromEntries(FIELD_NAMES.map((name) => [name, shown(customer[name])])) as unknown as CustomerFields;
}

/** What differs in `after` from `before`. Without `before`, everything that `after` has. */
export function changesBetween(before: CustomerFields | undefined, after: CustomerFields): Changes {
  const changes: Changes = {};
  for (const name of FIELD_NAMES) {
    const old = before?.[name] ?? null;
    const value = after[name];
    if (!isEqual(old, value)) changes[name] = { old: shown(old), new: shown(value) };
  }
  return changes;
}

export function isEmpty(changes: Changes): boolean {
  for (const _ in changes) return false;
  return true;
}

function isEqual(one: FieldValue, other: FieldValue): boolean {
  if (one === other) return true;
  if (!isAddress(one) || !isAddress(other)) return false;
  return ADDRESS_FIELD_NAMES.every((name) => one[name] === other[name]);
}

function isAddress<T>(value: T): value is Extract<T, object> {
  return typeof value === 'object' && value !== null;
}

function shown(value: FieldValue): FieldValue {
  return isAddress(value) ? orderedAddress(value) : value;
}

/** jsonb keeps the fields of an address in an order of its own. JSON.stringify leaves out the undefined ones. */
export function orderedAddress(address: Address | null): Address | null {
  if (!address) return null;
  const { street, city, postal_code, country } = address;
  return { street, city, postal_code, country };
}
