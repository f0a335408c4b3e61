import { type Customer, customerKey, sellerEmailKey } from '../../src/customers/customer.entity';
import type { CreateCustomerDto, UpdateCustomerDto } from '../../src/customers/dto/update-customer.dto';
import { newCustomer } from '../../src/customers/merge';
import type { Change, WriteRequest } from '../../src/customers/write/write-request';
import type { WriteSnapshot } from '../../src/customers/write/write-snapshot';
import { COMMAND_LINE } from '../../src/http/caller';

export const SELLER = 'seller';

export function customer(id: string, values: Partial<Customer> = {}): Customer {
  const created = newCustomer(SELLER, { first_name: 'John', last_name: 'Doe', email: `${id}@x.de` }, 'api');
  return { ...created, id, version: 3, ...values };
}

/** What the database holds: these customers, and who has their emails. */
export function snapshotOf(customers: Customer[], rest: Partial<WriteSnapshot> = {}): WriteSnapshot {
  return {
    customers: new Map(customers.map((row) => [customerKey(SELLER, row.id), row])),
    lockBlocked: new Set(),
    emailOwners: new Map(customers.map(({ id, email }) => [sellerEmailKey(SELLER, email), id])),
    replays: new Map(),
    quotas: new Map(),
    pastVersions: new Map(),
    ...rest,
  };
}

export const patch = (id: string, patch: UpdateCustomerDto): Change => ({ type: 'patch', id, patch });
export const create = (email: string, values: Partial<CreateCustomerDto> = {}): Change => ({
  type: 'create',
  customer: newCustomer(SELLER, { first_name: 'Ann', last_name: 'Doe', email, ...values }, 'api'),
});
export const upsert = (email: string, values: Partial<CreateCustomerDto> = {}, id?: string): Change => {
  return { type: 'upsert', patch: { first_name: 'Ann', last_name: 'Doe', email, ...values }, id };
};

export function request(changes: Change[], options: Partial<WriteRequest> = {}): WriteRequest {
  return { origin: COMMAND_LINE, sellerId: SELLER, changes, ...options };
}
