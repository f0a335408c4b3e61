import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { EventType } from '../events/event';

export const WEBHOOK_STATUSES = ['enabled', 'disabled'] as const;
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number];

/** All types of events, those that are yet to come included. */
export const ALL_TYPES = '*';

/** Where a seller wants to be told of events. Members are named as in the API. */
@Entity('webhooks')
export class Webhook {
  @PrimaryColumn('uuid') seller_id!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') url!: string;
  @Column('text', { array: true }) event_types!: (EventType | typeof ALL_TYPES)[];
  @Column('text', { nullable: true }) description!: string | null;
  @Column('text') status!: WebhookStatus;
  /** Encrypted (`WebhookSecrets`), as is the one before it while both are valid. */
  @Column('bytea') secret!: Buffer;
  @Column('bytea', { nullable: true }) previous_secret!: Buffer | null;
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) previous_secret_expires_at!: Date | null;
  /** The place in the feed up to which deliveries have been made of events. */
  @Column('bigint') cursor_position!: string;
  @Column('uuid') cursor_customer_id!: string;
  @Column('integer') cursor_version!: number;
  /** Since when no delivery has succeeded. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) failing_since!: Date | null;
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
  @Column({ type: 'timestamptz', precision: 3 }) updated_at!: Date;
}
