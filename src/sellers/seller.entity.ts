import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An account that owns customers and API keys. */
@Entity('sellers')
export class Seller {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
}
