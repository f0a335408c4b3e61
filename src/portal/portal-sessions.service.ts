import { ForbiddenException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { hashSecret } from '../api-keys/secret-format';
import { Config } from '../config/config';
import type { Customer, Status } from '../customers/customer.entity';
import { PortalSession } from './portal-session.entity';
import { generateToken, isToken, sellerOf } from './portal-token';

export interface NewPortalSession {
  id: string;
  /** The secret, which appears nowhere else. */
  token: string;
  customer_id: string;
  expires_at: Date;
}

type CustomerStatus = Pick<Customer, 'id' | 'status'>;

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

@Injectable()
export class PortalSessionsService {
  constructor(
    @InjectRepository(PortalSession) private readonly sessions: Repository<PortalSession>,
    private readonly config: Config,
  ) {}

  /**
   * Lets a customer into the portal for a while. The answer is the only place where the token ever appears.
   * @throws NotFoundException when the seller has no such customer.
   * @throws ForbiddenException when the customer is not active.
   */
  async create(sellerId: string, customerId: string): Promise<NewPortalSession> {
    const [id, token] = [uuidv7(), generateToken(sellerId)];
    return this.sessions.manager.transaction('READ COMMITTED', async (transaction) => {
      const [customer] = await transaction.query<CustomerStatus[]>(LOCK_CUSTOMER, [sellerId, customerId]);
      if (!customer) throw new NotFoundException('Customer not found');
      if (customer.status !== 'active') {
        throw new ForbiddenException(`Customer is ${customer.status} and cannot log in to the portal`);
      }
      const parameters = [sellerId, customer.id, id, hashSecret(token), this.config.portalSessionMinutes];
      const [{ expires_at }] = await transaction.query<[{ expires_at: Date }]>(CREATE, parameters);
      return { id, token, customer_id: customer.id, expires_at };
    });
  }

  /**
   * The session that a token opens, with its customer, as they are at this moment: nothing is kept between requests.
   * @returns undefined when there is none, or it has expired by the database's clock, or its customer is not active.
   */
  async find(token: string): Promise<PortalSession | undefined> {
    if (!isToken(token)) return undefined;
    const hash = hashSecret(token);
    const seller = sellerOf(token);
    const named = seller && (await this.select(hash).andWhere('session.seller_id = :seller', { seller }).getOne());
    // A token that was made when they named no seller; all have expired a week after the upgrade at the latest.
    return named || ((await this.select(hash).getOne()) ?? undefined);
  }

  private select(hash: Buffer): SelectQueryBuilder<PortalSession> {
    return this.sessions
      .createQueryBuilder('session')
      .innerJoinAndSelect('session.customer', 'customer')
      .where('session.token_hash = :hash AND session.expires_at > now()', { hash })
      .andWhere('customer.status = :status', { status: 'active' satisfies Status });
  }
}
