import { randomUUID } from 'node:crypto';
import type { ApiKey } from '../../src/api-keys/api-key.entity';
import { ApiKeysService, type NewApiKey } from '../../src/api-keys/api-keys.service';
import { CustomersService } from '../../src/customers/customers.service';
import type { CreateCustomerDto } from '../../src/customers/dto/update-customer.dto';
import { type CustomerDto, toCustomerDto } from '../../src/customers/dto/customer.dto';
import type { Seller } from '../../src/sellers/seller.entity';
import { SellersService } from '../../src/sellers/sellers.service';
import { DataSource } from 'typeorm';
import { type Answer, request, type RequestOptions } from './http';
import type { Service } from './service';

/** A seller of a test's own, with a key and what the test does with it. */
export class Account {
  constructor(
    readonly service: Service,
    readonly seller: Seller,
    readonly apiKey: ApiKey & { key: string },
  ) {}

  get key(): string {
    return this.apiKey.key;
  }

  async makeKey(overrides: Partial<NewApiKey> = {}): Promise<ApiKey & { key: string }> {
    return this.service.app.get(ApiKeysService).create(this.seller.id, { name: 'Test', ...overrides });
  }

  async makeCustomer(overrides: Partial<CreateCustomerDto> = {}): Promise<CustomerDto> {
    const members = { first_name: 'John', last_name: 'Doe', email: uniqueEmail(), ...overrides };
    const { customer } = await this.service.app.get(CustomersService).create(this.seller.id, members, 'api');
    return toCustomerDto(customer);
  }

  patch(id: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return request('PATCH', `${this.service.url}/api/customers/${id}`, { key: this.key, body, ...options });
  }

  /** Any request of the account's key. */
  call(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    return request(method, `${this.service.url}${path}`, { key: this.key, ...options });
  }

  /** The stored row, as JSON, without the columns that only the feed and searches use. */
  async row(id: string): Promise<Record<string, unknown>> {
    const [stored] = await this.sql('SELECT * FROM customers WHERE seller_id = $1 AND id = $2', [this.seller.id, id]);
    const { position: _, search_text: __, ...row } = JSON.parse(JSON.stringify(stored));
    return row;
  }

  async sql(query: string, parameters: unknown[] = []): Promise<Record<string, any>[]> {
    return this.service.app.get(DataSource).query(query, parameters);
  }
}

export async function makeAccount(service: Service, key: Partial<NewApiKey> = {}): Promise<Account> {
  const seller = await service.app.get(SellersService).create('Acme');
  const apiKey = await service.app.get(ApiKeysService).create(seller.id, { name: 'Test', ...key });
  return new Account(service, seller, apiKey);
}

export function uniqueEmail(): string {
  return `${randomUUID()}@example.com`;
}
