import { randomUUID } from 'node:crypto';
import { customerId, lastName } from './customers';

/** A kind of request. */
export interface Operation {
  name: string;
  method: 'GET' | 'POST' | 'PATCH';
  /** The most connections, of a request that is large. */
  maxConnections?: number;
  /** To do with the nth of so many customers. */
  request(n: number, customers: number): { path: string; body?: string };
}

const BULK_SIZE = 100;
/** With more, bulks wait in the service's queue, and on a slow machine for too long. */
const BULK_CONNECTIONS = 4;

export const PATCH: Operation = {
  name: 'PATCH',
  method: 'PATCH',
  request: (n) => ({ path: `/api/customers/${customerId(n)}`, body: JSON.stringify(newCompany()) }),
};

const GET: Operation = {
  name: 'GET by id',
  method: 'GET',
  request: (n) => ({ path: `/api/customers/${customerId(n)}` }),
};

const LIST: Operation = { name: 'list', method: 'GET', request: () => ({ path: '/api/customers' }) };

/** All that could cost more, the more customers there are. */
export const OPERATIONS: Operation[] = [
  PATCH,
  GET,
  LIST,
  { name: 'list, status=inactive', method: 'GET', request: () => ({ path: '/api/customers?status=inactive' }) },
  {
    name: 'list, search=<last name>',
    method: 'GET',
    request: (n) => ({ path: `/api/customers?search=${lastName(n)}` }),
  },
];

/** What the bare handler can do, too. */
export const COMPARED_OPERATIONS: Operation[] = [
  GET,
  { name: '/api/me', method: 'GET', request: () => ({ path: '/api/me' }) },
  {
    name: 'POST',
    method: 'POST',
    request: (n) => ({ path: '/api/customers', body: JSON.stringify(newCustomer(n)) }),
  },
  { ...LIST, name: 'list of 20' },
  {
    name: `bulk of ${BULK_SIZE}, ${BULK_CONNECTIONS} connections`,
    maxConnections: BULK_CONNECTIONS,
    method: 'PATCH',
    // Each customer has its place in the same bulk always, so that no two bulks wait for each other.
    request: (n, customers) => {
      const first = Math.floor((n - 1) / BULK_SIZE) * BULK_SIZE + 1;
      const size = Math.min(BULK_SIZE, customers - first + 1);
      const items = Array.from({ length: size }, (_, i) => ({ id: customerId(first + i), ...newCompany() }));
      return { path: '/api/customers', body: JSON.stringify({ customers: items }) };
    },
  },
  { name: 'page of the feed', method: 'GET', request: () => ({ path: '/api/events' }) },
];

function newCompany() {
  return { company_name: `Company ${Math.floor(Math.random() * 1e9)}` };
}

function newCustomer(n: number) {
  return { first_name: 'Jane', last_name: lastName(n), email: `${randomUUID()}@example.com` };
}
