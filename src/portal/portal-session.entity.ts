import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { Customer } from '../customers/customer.entity';

/** A customer's way into the portal, until it expires or the customer is no longer active. */
@Entity('portal_sessions')
export class PortalSession {
  @PrimaryColumn('uuid') seller_id!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') customer_id!: string;
  @Column('bytea', { select: false }) token_hash!: Buffer;
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
  @Column({ type: 'timestamptz', precision: 3 }) expires_at!: Date;

  @ManyToOne(() => Customer)
  @JoinColumn([
    { name: 'seller_id', referencedColumnName: 'seller_id' },
    { name: 'customer_id', referencedColumnName: 'id' },
  ])
  customer!: Customer;
}
