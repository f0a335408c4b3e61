import { Column, Entity, PrimaryColumn } from 'typeorm';

export const LANGUAGES = ['en', 'de'] as const;
export const STATUSES = ['active', 'inactive', 'suspended'] as const;
export const SOURCES = ['api', 'import', 'cli'] as const;

export type Language = (typeof LANGUAGES)[number];
export type Status = (typeof STATUSES)[number];
/** Where a customer came from. */
export type Source = (typeof SOURCES)[number];

/** The fields that are set; an address without any is stored as null. */
export interface Address {
  street?: string;
  city?: string;
  postal_code?: string;
  country?: string;
}

/** A customer of a seller. Columns have the names of the API, so that nothing has to be mapped. */
@Entity('customers')
export class Customer {
  @PrimaryColumn('uuid') seller_id!: string;
  @PrimaryColumn('uuid') id!: string;
  /** 1 at creation, one more with each change. */
  @Column('int') version!: number;
  @Column('text') first_name!: string;
  @Column('text') last_name!: string;
  @Column('text') email!: string;
  @Column('text', { nullable: true }) company_name!: string | null;
  @Column('text', { nullable: true }) legal_entity!: string | null;
  @Column('text', { nullable: true }) language!: Language | null;
  @Column({ type: 'jsonb', nullable: true }) address_data!: Address | null;
  @Column({ type: 'jsonb', nullable: true }) postal_redirect_address!: Address | null;
  @Column('text') status!: Status;
  @Column('text') source!: Source;
  @Column({ type: 'timestamptz', precision: 3 }) created_at!: Date;
  @Column({ type: 'timestamptz', precision: 3 }) updated_at!: Date;
}

/** Identifies a customer. The id is in lower case. */
export type CustomerRef = readonly [sellerId: string, id: string];

/** A customer as the key of a map. */
export function customerKey(sellerId: string, id: string): string {
  return `${sellerId}:${id}`;
}

/** The email as the unique index has it. Emails are ASCII, so lower case is the same in every locale. */
export function emailKey(email: string): string {
  return email.toLowerCase();
}

/** The email of a seller's customer as the key of a map, the same for every letter case. */
export function sellerEmailKey(sellerId: string, email: string): string {
  return `${sellerId}:${emailKey(email)}`;
}
