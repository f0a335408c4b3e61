import type { Customer } from '../customer.entity';
import { ownerKey } from './facts/emails';

type EmailOf = Pick<Customer, 'seller_id' | 'id' | 'email'>;

/** Whose an email is while changes are planned one after the other. */
export class EmailClaims {
  private readonly planned = new Map<string, string | 'freed'>();

  /** `owners` are the ids of those who have the emails that are asked for, by `ownerKey`. */
  constructor(private readonly owners: ReadonlyMap<string, string>) {}

  /**
   * Whether a customer may have its email. One that is freed in the same plan can't be taken there: the unique index
   * would see the taking before the freeing, or not, as it happens.
   */
  judge({ seller_id, id, email }: EmailOf): 'free' | 'taken' | 'freed' {
    const key = ownerKey(seller_id, email);
    const owner = this.planned.get(key) ?? this.owners.get(key);
    if (owner === undefined || owner === id) return 'free';
    return owner === 'freed' ? 'freed' : 'taken';
  }

  free({ seller_id, email }: EmailOf): void {
    this.planned.set(ownerKey(seller_id, email), 'freed');
  }

  claim({ seller_id, id, email }: EmailOf): void {
    this.planned.set(ownerKey(seller_id, email), id);
  }
}
