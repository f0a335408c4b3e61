import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { EventType } from '../events/event';

export const WEBHOOK_STATUSES = ['enabled', 'disabled'] as const;
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number];

/** All types of events, those that are yet to come included. */
export const ALL_TYPES = '*';

/** How the last request ended: with a success within a second or later, or with a failure within a second or later. */
export type LastResult = 'quick' | 'slow' | 'failed' | 'hung';

/** A receiver that a seller wants events to be sent to. Columns are named as in the API. */
@Entity('webhooks')
export class Webhook {
  @PrimaryColumn('uuid') seller_id!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') url!: string;
  @Column('text', { array: true }) event_types!: (EventType | typeof ALL_TYPES)[];
  @Column('text', { nullable: true }) description!: string | null;
  @Column('text') status!: WebhookStatus;
  /** Encrypted by `WebhookSecrets`, as is the previous one while both are valid. */
  @Column('bytea') secret!: Buffer;
  @Column('bytea', { nullable: true }) previous_secret!: Buffer | null;
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) previous_secret_expires_at!: Date | null;
  /** The position in the feed up to which events have become deliveries. */
  @Column('bigint') cursor_position!: string;
  @Column('uuid') cursor_customer_id!: string;
  @Column('integer') cursor_version!: number;
  /** Since when deliveries fail and none has succeeded. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) failing_since!: Date | null;
  /** To the hour. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) last_failed_at!: Date | null;
  /** Null before the first request. */
  @Column('text', { nullable: true }) last_result!: LastResult | null;
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
  @Column({ type: 'timestamptz', precision: 3 }) updated_at!: Date;
}

export const DELIVERY_STATUSES = ['pending', 'succeeded', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** One request to a receiver and its answer, as it is stored in `attempts` and shown by the API. */
export interface Attempt {
  attempted_at: string;
  /** Null when there was no answer. */
  status_code: number | null;
  duration_ms: number;
  /** Why it is no success, as a sentence; null for a success. */
  error: string | null;
  /** The first kilobyte of the answer. */
  response: string | null;
}

/** An event that is sent to a webhook. The row has only the customer's id: what is sent is read at the time of sending. */
@Entity('webhook_deliveries')
export class WebhookDelivery {
  @PrimaryColumn('uuid') seller_id!: string;
  @PrimaryColumn('uuid') webhook_id!: string;
  @PrimaryColumn('uuid') event_id!: string;
  @Column('text') event_type!: EventType;
  @Column('uuid') customer_id!: string;
  @Column('integer') version!: number;
  /** The event's position in the feed. */
  @Column('bigint') position!: string;
  @Column('text') status!: DeliveryStatus;
  /** The last 20, oldest first. */
  @Column('jsonb') attempts!: Attempt[];
  /** How many since the delivery was created or last requested. */
  @Column('integer') attempt_count!: number;
  /** During an attempt: when the attempt counts as lost. */
  @Column({ type: 'timestamptz', precision: 3 }) next_attempt_at!: Date;
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
}
