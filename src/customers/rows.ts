import type { QueryResultRow } from 'pg';
import { arrayOf, type QueryExecutor as Runner, type Statement } from '../database/statements';
import type { Customer } from './customer.entity';
import { MEMBERS } from './writer/merge';

/** Names a customer: its seller and its id, in lower case. */
export type RowName = readonly [sellerId: string, id: string];

export function rowKey(sellerId: string, id: string): string {
  return `${sellerId}:${id}`;
}

/** How to lock the rows that are read: waiting for others, or leaving out what they hold. Only within a transaction. */
export type Lock = 'wait' | 'skip';

export const COLUMNS = ['seller_id', 'id', 'version', ...MEMBERS, 'source', 'created_at', 'updated_at'];

/** One after the other, in an order that all keep, so that no two wait for each other when they lock. */
const find = (lock = '') => `
  SELECT ${COLUMNS.map((column) => `customer.${column}`).join(', ')}
    FROM (SELECT * FROM unnest(${arrayOf('uuid', '$1')}, ${arrayOf('uuid', '$2')}) AS name (seller_id, id)
           ORDER BY seller_id, id) AS wanted
   CROSS JOIN LATERAL (
     SELECT * FROM customers WHERE seller_id = wanted.seller_id AND id = wanted.id LIMIT 1 ${lock}) AS customer`;

const STATEMENTS: Record<Lock | 'none', Statement> = {
  none: { name: 'find_customers', text: find() },
  wait: { name: 'lock_customers', text: find('FOR NO KEY UPDATE') },
  skip: { name: 'lock_free_customers', text: find('FOR NO KEY UPDATE SKIP LOCKED') },
};

export function findRows(runner: Runner, names: RowName[], lock?: Lock): Promise<Customer[]> {
  if (names.length === 0) return Promise.resolve([]);
  return runner.run<Customer & QueryResultRow>(STATEMENTS[lock ?? 'none'], [
    names.map(([sellerId]) => sellerId),
    names.map(([, id]) => id),
  ]);
}
