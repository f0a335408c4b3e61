import { v5 as uuidv5 } from 'uuid';
import type { Customer } from '../customers/customer.entity';
import type { Changes } from '../customers/merge';
import { cursorCodec } from '../http/cursor';

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

/** An arbitrary UUID. A change of it would change the ids of all events. */
const NAMESPACE = '2f6d0c1e-9a54-4b0b-8f5e-3c7a1d9be640';

/** The id is computed from what identifies the event (RFC 9562, section 5.5), so it is not stored. */
export function eventId(customerId: string, version: number, type: EventType): string {
  return uuidv5(`${customerId}:${version}:${type === 'customer.deleted' ? 'deleted' : 'written'}`, NAMESPACE);
}

/** A position of a reader in the feed: after all events at this tuple or below it. An event at it need not exist. */
export interface EventPosition {
  /** `position` of the event, a bigint in decimal digits. */
  position: string;
  customerId: string;
  /** For a deletion, one more than the last version. */
  version: number;
}

const NO_CUSTOMER = '00000000-0000-0000-0000-000000000000';

/** Before the oldest event. */
export const BEGINNING: EventPosition = { position: '0', customerId: NO_CUSTOMER, version: 0 };

/** Before all events at this position or above, and after all others. */
export function startOf(position: string): EventPosition {
  return { position, customerId: NO_CUSTOMER, version: 0 };
}

export const { write: writeEventCursor, read: readEventCursor } = cursorCodec<EventPosition>(
  /^(\d{1,18}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(\d{1,10})$/,
  ({ position, customerId, version }) => `${position}:${customerId}:${version}`,
  (position = '', customerId = '', version = '') =>
    Number(version) < 2 ** 31 ? { position, customerId, version: Number(version) } : undefined,
);
