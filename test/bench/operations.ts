import { customerId, lastName } from './customers';

/** A kind of request. */
export interface Operation {
  name: string;
  method: 'GET' | 'PATCH';
  /** To do with the nth customer. */
  request(n: number): { path: string; body?: string };
}

export const PATCH: Operation = {
  name: 'PATCH',
  method: 'PATCH',
  request: (n) => ({
    path: `/api/customers/${customerId(n)}`,
    body: JSON.stringify({ company_name: `Company ${Math.floor(Math.random() * 1e9)}` }),
  }),
};

/** All that could cost more, the more customers there are. */
export const OPERATIONS: Operation[] = [
  PATCH,
  { name: 'GET by id', method: 'GET', request: (n) => ({ path: `/api/customers/${customerId(n)}` }) },
  { name: 'list', method: 'GET', request: () => ({ path: '/api/customers' }) },
  { name: 'list, status=inactive', method: 'GET', request: () => ({ path: '/api/customers?status=inactive' }) },
  {
    name: 'list, search=<last name>',
    method: 'GET',
    request: (n) => ({ path: `/api/customers?search=${lastName(n)}` }),
  },
];
