import { arrayOf, type QueryExecutor as Runner, type Statement } from '../../../database/statements';
import { emailKey } from '../../email-key';

export type SellersEmail = readonly [sellerId: string, email: string];

/** Names an email within a seller, in any letter case. */
export function ownerKey(sellerId: string, email: string): string {
  return `${sellerId}:${emailKey(email)}`;
}

const FIND_OWNERS: Statement = {
  name: 'find_email_owners',
  text: `
  SELECT customer.seller_id, customer.id, customer.email
    FROM unnest(${arrayOf('uuid', '$1')}, ${arrayOf('text', '$2')}) AS wanted (seller_id, email)
   CROSS JOIN LATERAL (
     SELECT * FROM customers
      WHERE seller_id = wanted.seller_id AND lower(email COLLATE "C") = wanted.email LIMIT 1) AS customer`,
};

/** The ids of the customers who have one of these emails, by `ownerKey`. */
export async function findEmailOwners(runner: Runner, emails: SellersEmail[]): Promise<Map<string, string>> {
  if (emails.length === 0) return new Map();
  const owners = await runner.run<{ seller_id: string; id: string; email: string }>(FIND_OWNERS, [
    emails.map(([sellerId]) => sellerId),
    emails.map(([, email]) => emailKey(email)),
  ]);
  return new Map(owners.map(({ seller_id, id, email }) => [ownerKey(seller_id, email), id]));
}
