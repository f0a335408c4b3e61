import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { EventType } from '../events/event';
import type { Attempt } from './delivery/webhook-sender';

export const DELIVERY_STATUSES = ['pending', 'succeeded', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** An event that a webhook is to be told of. Holds nothing of the customer but its id: what is sent is read when it is sent. */
@Entity('webhook_deliveries')
export class WebhookDelivery {
  @PrimaryColumn('uuid') seller_id!: string;
  @PrimaryColumn('uuid') webhook_id!: string;
  @PrimaryColumn('uuid') event_id!: string;
  @Column('text') event_type!: EventType;
  @Column('uuid') customer_id!: string;
  @Column('integer') version!: number;
  /** Of the event in the feed. */
  @Column('bigint') position!: string;
  @Column('text') status!: DeliveryStatus;
  /** The latest ones, oldest first. */
  @Column('jsonb') attempts!: Attempt[];
  /** Since the delivery was made, or asked for again. */
  @Column('integer') attempt_count!: number;
  /** While an attempt is under way, when it counts as lost. */
  @Column({ type: 'timestamptz', precision: 3 }) next_attempt_at!: Date;
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
}
