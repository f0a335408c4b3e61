import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Scope } from './scopes';

/** A credential of a seller's system. Members are named as in the API. */
@Entity('api_keys')
export class ApiKey {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') seller_id!: string;
  @Column('text') name!: string;
  @Column('text') prefix!: string;
  @Column('bytea', { select: false }) key_hash?: Buffer;
  @Column('text', { array: true }) scopes!: Scope[];
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) expires_at!: Date | null;
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) revoked_at!: Date | null;
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) last_used_at!: Date | null;
}
