import type { Customer } from './customer.entity';
import type { AddressDto, UpdateCustomerDto } from './dto/update-customer.dto';

interface FieldDefinition {
  /** The type of the column. */
  column: 'text' | 'jsonb';
  /** In Unicode code points; without one, the type limits the values. */
  maxLength?: number;
  nullable: boolean;
  /** What a new customer has where the request says nothing. Without one, a creation requires the field. */
  default?: string | null;
}

/**
 * The fields of a customer that a change can set, in the order of the contract's table of members, which messages keep.
 * Merge, statements, history, export and the limits in the OpenAPI document are derived from this table.
 */
export const CUSTOMER_FIELDS = {
  first_name: { column: 'text', maxLength: 100, nullable: false },
  last_name: { column: 'text', maxLength: 100, nullable: false },
  email: { column: 'text', maxLength: 254, nullable: false },
  company_name: { column: 'text', maxLength: 200, nullable: true, default: null },
  legal_entity: { column: 'text', maxLength: 100, nullable: true, default: null },
  language: { column: 'text', nullable: true, default: 'de' },
  status: { column: 'text', nullable: false, default: 'active' },
  address_data: { column: 'jsonb', nullable: true, default: null },
  postal_redirect_address: { column: 'jsonb', nullable: true, default: null },
} as const satisfies Record<keyof UpdateCustomerDto, FieldDefinition>;

/** The fields of an address, in the order in which answers show them, and their maximum lengths. */
export const ADDRESS_FIELDS = {
  street: 255,
  city: 100,
  postal_code: 20,
  country: 100,
} as const satisfies Record<keyof AddressDto, number>;

export type FieldName = keyof typeof CUSTOMER_FIELDS;
/** The values of all fields that a change can set. */
export type CustomerFields = Pick<Customer, keyof UpdateCustomerDto>;

export const FIELD_NAMES = Object.keys(CUSTOMER_FIELDS) as FieldName[];
export const ADDRESS_FIELD_NAMES = Object.keys(ADDRESS_FIELDS) as (keyof typeof ADDRESS_FIELDS)[];

/** The columns of `customers`, except those that only the feed and searches use. */
export const CUSTOMER_COLUMNS = ['seller_id', 'id', 'version', ...FIELD_NAMES, 'source', 'created_at', 'updated_at'];

/** All members of an answer in their order (contract, "The customer"), where `status` follows the addresses. */
export const ANSWER_MEMBERS = [
  ...(['id', 'seller_id'] as const),
  ...FIELD_NAMES.filter((name) => name !== 'status'),
  ...(['status', 'source', 'created_at', 'updated_at'] as const),
];

type WithDefault = { [Name in FieldName]: (typeof CUSTOMER_FIELDS)[Name] extends { default: unknown } ? Name : never };

/** What a new customer has where the request says nothing. */
export const FIELD_DEFAULTS = Object.fromEntries(
  Object.entries<FieldDefinition>(CUSTOMER_FIELDS).flatMap(([name, field]) =>
    field.default === undefined ? [] : [[name, field.default]],
  ),
) as Pick<CustomerFields, WithDefault[FieldName]>;
