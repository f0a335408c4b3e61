import { QueryFailedError } from 'typeorm';

/** The constraints that a client can run into, by the names that the migrations gave them. */
export const CONSTRAINTS = {
  customerEmail: 'customers_seller_id_email_key',
} as const;

const UNIQUE_VIOLATION = '23505';

/** Whether a statement failed because a unique constraint or index stood in its way. */
export function violates(error: unknown, constraint: string): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code, constraint: broken } = error.driverError as { code?: string; constraint?: string };
  return code === UNIQUE_VIOLATION && broken === constraint;
}
