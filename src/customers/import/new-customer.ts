import { v7 as uuidv7 } from 'uuid';
import type { Customer } from '../customer.entity';
import type { CreateCustomerDto } from '../dto/create-customer.dto';
import { merge, type Members } from './merge';

/** What a customer is where nothing is said, as for one who is created over HTTP. */
const DEFAULTS: Omit<Members, 'first_name' | 'last_name' | 'email'> = {
  company_name: null,
  legal_entity: null,
  language: 'de',
  status: 'active',
  address_data: null,
  postal_redirect_address: null,
};

export function newCustomer(sellerId: string, members: CreateCustomerDto): Customer {
  const { first_name, last_name, email } = members;
  const now = new Date();
  return {
    ...merge({ ...DEFAULTS, first_name, last_name, email }, members).next,
    seller_id: sellerId,
    id: uuidv7(),
    version: 1,
    source: 'import',
    created_at: now,
    updated_at: now,
  };
}
