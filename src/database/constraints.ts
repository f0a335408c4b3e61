import { DatabaseError } from 'pg';
import { QueryFailedError } from 'typeorm';

/** The constraints that a client can run into, by the names that the migrations gave them. */
export const CONSTRAINTS = {
  customerEmail: 'customers_seller_id_email_key',
  idempotencyRecord: 'idempotency_records_pkey',
} as const;

const UNIQUE_VIOLATION = '23505';

/** Whether a statement failed because a unique constraint or index stood in its way. */
export function violates(error: unknown, constraint: string): boolean {
  const original: unknown = error instanceof QueryFailedError ? error.driverError : error;
  return original instanceof DatabaseError && original.code === UNIQUE_VIOLATION && original.constraint === constraint;
}
