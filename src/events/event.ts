import { v5 as uuidv5 } from 'uuid';
import type { Customer } from '../customers/customer.entity';
import type { Changes } from '../customers/merge';

export const EVENT_TYPES = ['customer.created', 'customer.updated', 'customer.reverted', 'customer.deleted'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Something that happened to a customer. Columns are named as in the API. */
export interface CustomerEvent {
  /** The same wherever the event is shown. */
  id: string;
  type: EventType;
  created_at: Date;
  customer_id: string;
  version: number;
  /** Null when the customer was deleted. */
  changes: Changes | null;
  actor_type: 'api_key' | 'cli';
  actor_id: string | null;
  actor_name: string | null;
  request_id: string | null;
  /** As that version was; null when the customer was deleted. */
  customer: Customer | null;
}

/** Any UUID will do, as long as it stays the same. */
const NAMESPACE = '2f6d0c1e-9a54-4b0b-8f5e-3c7a1d9be640';

/** Made of what identifies the event (RFC 9562, section 5.5), so that it has to be stored nowhere. */
export function eventId(customerId: string, version: number, type: EventType): string {
  return uuidv5(`${customerId}:${version}:${type === 'customer.deleted' ? 'deleted' : 'written'}`, NAMESPACE);
}
