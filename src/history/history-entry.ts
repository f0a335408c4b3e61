import type { Customer } from '../customers/customer.entity';
import type { Changes } from '../customers/writer/merge';
import type { Origin } from '../http/origin';

export const HISTORY_TYPES = ['created', 'updated', 'reverted'] as const;
export type HistoryType = (typeof HISTORY_TYPES)[number];

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

/** Inserts the entries of the JSON array `$n`; `only` may join them, as `entry`, to those customers that were written. */
export function insertHistory(parameter: string, only = ''): string {
  return `
    INSERT INTO customer_history (seller_id, customer_id, version, type, changes, actor_type, actor_id, actor_name,
                                  request_id, created_at)
    SELECT entry.seller_id, entry.customer_id, entry.version, entry.type, entry.changes, entry.actor_type,
           entry.actor_id, entry.actor_name, entry.request_id, entry.created_at
      FROM json_to_recordset(${parameter}) AS entry (seller_id uuid, customer_id uuid, version integer, type text,
           changes json, actor_type text, actor_id uuid, actor_name text, request_id text, created_at timestamptz) ${only}`;
}

/** What the history says of a customer that has just reached its version. */
export function historyEntry(customer: Customer, type: HistoryType, changes: Changes, origin: Origin): HistoryEntry {
  const { actor, requestId } = origin;
  return {
    seller_id: customer.seller_id,
    customer_id: customer.id,
    version: customer.version,
    type,
    changes,
    actor_type: actor.type,
    actor_id: actor.type === 'api_key' ? actor.id : null,
    actor_name: actor.type === 'api_key' ? actor.name : null,
    request_id: requestId ?? null,
    created_at: customer.updated_at,
  };
}
