import { v7 as uuidv7 } from 'uuid';
import type { Customer, Source } from '../customer.entity';
import type { CreateCustomerDto } from '../dto/create-customer.dto';
import { merge, type Members } from './merge';

/** What a customer is where nothing is said (contract, `POST /api/customers`). */
const DEFAULTS: Omit<Members, 'first_name' | 'last_name' | 'email'> = {
  company_name: null,
  legal_entity: null,
  language: 'de',
  status: 'active',
  address_data: null,
  postal_redirect_address: null,
};

/** A customer as it comes into being, at version 1. Its times are those of the database, which writes them. */
export function newCustomer(sellerId: string, members: CreateCustomerDto, source: Source): Customer {
  const { first_name, last_name, email } = members;
  const now = new Date();
  return {
    ...merge({ ...DEFAULTS, first_name, last_name, email }, members),
    seller_id: sellerId,
    id: uuidv7(),
    version: 1,
    source,
    created_at: now,
    updated_at: now,
  };
}
