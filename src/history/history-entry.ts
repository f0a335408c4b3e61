import type { Customer } from '../customers/customer.entity';
import { type Changes, type Members, membersOf } from '../customers/writer/merge';
import type { Origin } from '../http/origin';

export const HISTORY_TYPES = ['created', 'updated', 'reverted'] as const;
export type HistoryType = (typeof HISTORY_TYPES)[number];

/**
 * Every so many versions the history keeps all members as they then were, for any version to be found by looking at no more
 * entries than that. A smaller interval would cost more on the disk than it saves: a snapshot is about as large as three entries.
 */
const SNAPSHOT_INTERVAL = 32;

/** A row of `customer_history`: how a customer came from one version to the next. Columns are named as in the API. */
export interface HistoryEntry {
  seller_id: string;
  customer_id: string;
  version: number;
  type: HistoryType;
  changes: Changes;
  actor_type: 'api_key' | 'cli';
  actor_id: string | null;
  actor_name: string | null;
  request_id: string | null;
  created_at: Date;
}

/** An entry before it is written, which gives it its time. */
export interface NewHistoryEntry extends Omit<HistoryEntry, 'created_at'> {
  snapshot: Members | null;
}

/**
 * Inserts the entries of the JSON array `$n` of those customers that are in `written`: a relation of that name with the
 * columns `seller_id`, `id`, `position` and `updated_at`.
 */
export function insertHistory(parameter: string, written: string): string {
  return `
    INSERT INTO customer_history (seller_id, customer_id, version, type, changes, actor_type, actor_id, actor_name,
                                  request_id, snapshot, position, created_at)
    SELECT entry.seller_id, entry.customer_id, entry.version, entry.type, entry.changes, entry.actor_type,
           entry.actor_id, entry.actor_name, entry.request_id, entry.snapshot, written.position, written.updated_at
      FROM json_to_recordset(${parameter}) AS entry (seller_id uuid, customer_id uuid, version integer, type text,
           changes json, actor_type text, actor_id uuid, actor_name text, request_id text, snapshot json)
      JOIN ${written} ON written.seller_id = entry.seller_id AND written.id = entry.customer_id`;
}

/** What the history is to say of a customer that reaches its version. */
export function historyEntry(customer: Customer, type: HistoryType, changes: Changes, origin: Origin): NewHistoryEntry {
  return {
    seller_id: customer.seller_id,
    customer_id: customer.id,
    version: customer.version,
    type,
    changes,
    ...originColumns(origin),
    snapshot: customer.version % SNAPSHOT_INTERVAL === 0 ? membersOf(customer) : null,
  };
}

/** Where a change comes from, as the columns of the history have it. */
export function originColumns({ actor, requestId }: Origin) {
  const { id, name } = actor.type === 'api_key' ? actor : { id: null, name: null };
  return { actor_type: actor.type, actor_id: id, actor_name: name, request_id: requestId ?? null };
}
