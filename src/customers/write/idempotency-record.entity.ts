import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { CustomerErrorCode } from '../customer.errors';

/**
 * An outcome as it is stored, for 24 hours. Versions of the service from before `code` was there store none, and read the
 * message. It is still stored for them, because both may run side by side during an upgrade.
 */
export interface StoredOutcome {
  status: number;
  id?: string;
  version?: number;
  code?: CustomerErrorCode;
  message?: string;
  older?: number[];
  because?: 'no_strong_tag' | 'if_none_match';
}

/** The stored result of a request with an Idempotency-Key. */
@Entity('idempotency_records')
export class IdempotencyRecord {
  @PrimaryColumn('uuid') seller_id!: string;
  @PrimaryColumn('text') key!: string;
  @PrimaryColumn('text') method!: string;
  @PrimaryColumn('text') path!: string;
  /** SHA-256 of what makes it the same request. */
  @Column('bytea') fingerprint!: Buffer;
  /** One for each change of a bulk, or one for the request. */
  @Column('json') outcome!: StoredOutcome | StoredOutcome[];
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
}
