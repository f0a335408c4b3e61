import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import type { Customer, Status } from '../customers/customer.entity';
import { PRUNED_AT_ONCE, Pruner } from '../database/pruner';
import type { Statement } from '../database/statements';
import { PortalSession } from './portal-session.entity';

/** The most sessions of a customer: a further one ends the oldest. */
const MAX_SESSIONS = 20;

/** How many sessions are ended at once: more than there can be, unless they were made before there was a maximum. */
const MAX_ENDED = 1000;

/**
 * The lock is what a session needs to never outlive a deactivation: either the deactivation comes first and this statement,
 * once it has the row, reads the status that the other left; or this statement comes first and the deactivation, once it has
 * the row, finds the session. FOR KEY SHARE, which the foreign key takes anyway, would not wait for a change of the status;
 * FOR SHARE would, but a stream of such locks, which go together, could keep a deactivation waiting for ever. Nothing of the
 * sessions is locked before the customer: the order in which a deactivation and a deletion lock them, too.
 */
const LOCK_CUSTOMER = 'SELECT id, status FROM customers WHERE seller_id = $1 AND id = $2 FOR NO KEY UPDATE';

/**
 * A statement of its own, for it to see the sessions that others made while the one before waited for the customer. All
 * sessions last equally long, so that the first to expire is the oldest.
 */
const CREATE = `
  WITH ended AS (
    DELETE FROM portal_sessions AS session USING (
      (SELECT tableoid, ctid FROM portal_sessions
        WHERE seller_id = $1 AND customer_id = $2 AND expires_at <= now() LIMIT ${MAX_ENDED})
      UNION ALL
      (SELECT tableoid, ctid FROM portal_sessions WHERE seller_id = $1 AND customer_id = $2
        ORDER BY expires_at DESC, id DESC OFFSET ${MAX_SESSIONS - 1} LIMIT ${MAX_ENDED})) AS found
     WHERE session.tableoid = found.tableoid AND session.ctid = found.ctid
  )
  INSERT INTO portal_sessions (seller_id, id, customer_id, token_hash, created_at, expires_at)
  VALUES ($1, $3, $2, $4, now(), now() + make_interval(mins => $5)) RETURNING expires_at`;

const PRUNE: Statement = {
  name: 'prune_portal_sessions',
  text: `
  DELETE FROM portal_sessions AS session USING (
    SELECT tableoid, ctid FROM portal_sessions
     WHERE expires_at <= now() ORDER BY expires_at LIMIT ${PRUNED_AT_ONCE} FOR UPDATE SKIP LOCKED) AS expired
   WHERE session.tableoid = expired.tableoid AND session.ctid = expired.ctid
  RETURNING 1`,
};

/** The customer of a new session, and when the session expires: there is one only if the customer is active. */
type Created = Pick<Customer, 'id' | 'status'> & { expires_at?: Date };

@Injectable()
export class PortalSessionsRepository {
  constructor(@InjectRepository(PortalSession) private readonly sessions: Repository<PortalSession>) {}

  /** @returns undefined when the seller has no such customer. */
  create(
    { seller_id, customer_id, id, token_hash }: Omit<PortalSession, 'customer' | 'created_at' | 'expires_at'>,
    minutes: number,
  ): Promise<Created | undefined> {
    return this.sessions.manager.transaction('READ COMMITTED', async (transaction) => {
      const [customer] = await transaction.query<Created[]>(LOCK_CUSTOMER, [seller_id, customer_id]);
      if (customer?.status !== 'active') return customer;
      const parameters = [seller_id, customer.id, id, token_hash, minutes];
      const [{ expires_at }] = await transaction.query<[{ expires_at: Date }]>(CREATE, parameters);
      return { ...customer, expires_at };
    });
  }

  /**
   * The session of an active customer that has not expired by the database's clock, with the customer.
   * @param sellerId the only seller to look at, if it is known.
   */
  find(tokenHash: Buffer, sellerId?: string): Promise<PortalSession | null> {
    const select = this.sessions
      .createQueryBuilder('session')
      .innerJoinAndSelect('session.customer', 'customer')
      .where('session.token_hash = :hash AND session.expires_at > now()', { hash: tokenHash })
      .andWhere('customer.status = :status', { status: 'active' satisfies Status });
    if (sellerId) select.andWhere('session.seller_id = :seller', { seller: sellerId });
    return select.getOne();
  }
}

/** Removes the sessions that have expired, also of customers who never come again. */
@Injectable()
export class SessionPruner extends Pruner {
  protected readonly statement = PRUNE;
  protected readonly what = 'Expired portal sessions';
}
