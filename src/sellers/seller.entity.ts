import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many webhooks a seller may have (docs/api-contract.md, "Webhooks"). */
export const MAX_WEBHOOKS = 20;

/** An account that owns customers and API keys. */
@Entity('sellers')
export class Seller {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  /** The greatest number of customers; null for any number. */
  @Column('int', { nullable: true }) customer_limit!: number | null;
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
}
