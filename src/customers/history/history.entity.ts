import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Customer } from '../customer.entity';
import type { CustomerFields } from '../customer.fields';
import { type Changes, fieldsOf } from '../merge';
import type { Origin } from '../../http/caller';

export const HISTORY_TYPES = ['created', 'updated', 'reverted'] as const;
export type HistoryType = (typeof HISTORY_TYPES)[number];

/**
 * Each version whose number is a multiple of this is stored with all fields, so that any version is found by reading no more
 * entries than that. A smaller interval would take more disk than it saves: a snapshot is about as large as three entries.
 */
const SNAPSHOT_INTERVAL = 32;

/** How a customer came from one version to the next. Columns have the names of the API. */
@Entity('customer_history')
export class CustomerHistoryEntry {
  @PrimaryColumn('uuid') seller_id!: string;
  @PrimaryColumn('uuid') customer_id!: string;
  @PrimaryColumn('int') version!: number;
  @Column('text') type!: HistoryType;
  @Column('json') changes!: Changes;
  @Column('text') actor_type!: 'api_key' | 'cli';
  @Column('uuid', { nullable: true }) actor_id!: string | null;
  @Column('text', { nullable: true }) actor_name!: string | null;
  @Column('text', { nullable: true }) request_id!: string | null;
  /** All fields as they were, in some versions. */
  @Column('json', { nullable: true, select: false }) snapshot!: CustomerFields | null;
  /** Its place in the feed of events (`position.ts`). */
  @Column('bigint', { select: false }) position!: string;
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
}

/** An entry as it is read. */
export type HistoryEntry = Omit<CustomerHistoryEntry, 'snapshot' | 'position'>;

/** An entry before the statement that writes it adds its time and position. */
export type NewHistoryEntry = Omit<CustomerHistoryEntry, 'position' | 'created_at'>;

/** The entry of a customer that has reached its version. */
export function newHistoryEntry(
  customer: Customer,
  type: HistoryType,
  changes: Changes,
  origin: Origin,
): NewHistoryEntry {
  return {
    seller_id: customer.seller_id,
    customer_id: customer.id,
    version: customer.version,
    type,
    changes,
    ...originColumns(origin),
    snapshot: customer.version % SNAPSHOT_INTERVAL === 0 ? fieldsOf(customer) : null,
  };
}

/** Who makes a change, as columns. */
export function originColumns({ actor, requestId }: Origin) {
  const { id, name } = actor.type === 'api_key' ? actor : { id: null, name: null };
  return { actor_type: actor.type, actor_id: id, actor_name: name, request_id: requestId ?? null };
}

/** Identifies a version of a customer. */
export interface VersionRef {
  id: string;
  version: number;
}

/** A version of a seller's customer as the key of a map. */
export function versionKey({ id, version }: VersionRef): string {
  return `${id}:${version}`;
}
