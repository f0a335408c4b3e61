import { Column, Entity, PrimaryColumn } from 'typeorm';

/** That a customer was deleted: all that stays of it. */
@Entity('customer_deletions')
export class CustomerDeletion {
  @PrimaryColumn('uuid') seller_id!: string;
  @PrimaryColumn('uuid') customer_id!: string;
  /** The last one that the customer had. */
  @Column('int') version!: number;
  /** Its place in the feed of events (`position.ts`). */
  @Column('bigint') position!: string;
  @Column('text') actor_type!: 'api_key' | 'cli';
  @Column('uuid', { nullable: true }) actor_id!: string | null;
  @Column('text', { nullable: true }) actor_name!: string | null;
  @Column('text', { nullable: true }) request_id!: string | null;
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
}

/** What turns the id of a transaction into a position. There is one row. */
@Entity('event_log')
export class EventLogOffset {
  @PrimaryColumn('boolean') is_only!: true;
  /** The server that the offset is for; null where the role may not ask which one it is. */
  @Column('bigint', { nullable: true }) system_identifier!: string | null;
  @Column('bigint') position_offset!: string;
}

/** A time and the positions that belong to it: no change that is dated up to it is above `max_position`. */
@Entity('event_log_ticks')
export class EventLogTick {
  @PrimaryColumn('timestamptz') at!: Date;
  /** Below it, all transactions had ended. */
  @Column('bigint') min_position!: string;
  @Column('bigint') max_position!: string;
}
