import { ForbiddenException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { hashSecret } from '../api-keys/secret-format';
import { Config } from '../config/config';
import type { Status } from '../customers/customer.entity';
import { PortalSession } from './portal-session.entity';
import { generateToken, isToken } from './portal-token';

export interface NewPortalSession {
  id: string;
  /** The secret, which appears nowhere else. */
  token: string;
  customer_id: string;
  expires_at: Date;
}

/** What `CREATE` finds: the customer, and when the session ends if there is one. */
interface Outcome {
  customer_id: string;
  status: Status;
  expires_at: Date | null;
}

/**
 * Makes a session of an active customer, and removes those of the customer that have expired, so that they never pile up.
 *
 * The lock is what a session needs to never outlive a deactivation (`CustomersService.update`): either the deactivation
 * comes first and this statement, once it has the row, reads the status that the other left; or this statement comes
 * first and the deactivation, once it has the row, finds the session. FOR KEY SHARE, which the foreign key takes
 * anyway, would not wait for a change of the status; FOR SHARE would, but a stream of such locks, which go together,
 * could keep a deactivation waiting for ever. The other parts read from `customer`, so nothing of the sessions is
 * locked before the customer: the order in which a deactivation and a deletion lock them, too.
 */
const CREATE = `
  WITH customer AS (
    SELECT seller_id, id, status FROM customers WHERE seller_id = $1 AND id = $2 FOR NO KEY UPDATE
  ), expired AS (
    DELETE FROM portal_sessions AS session USING customer
     WHERE session.seller_id = customer.seller_id AND session.customer_id = customer.id AND session.expires_at <= now()
  ), created AS (
    INSERT INTO portal_sessions (seller_id, id, customer_id, token_hash, created_at, expires_at)
    SELECT seller_id, $3, id, $4, now(), now() + make_interval(mins => $5) FROM customer WHERE status = 'active'
    RETURNING expires_at
  )
  SELECT customer.id AS customer_id, customer.status, created.expires_at FROM customer LEFT JOIN created ON true`;

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
    const [id, token] = [uuidv7(), generateToken()];
    const parameters = [sellerId, customerId, id, hashSecret(token), this.config.portalSessionMinutes];
    const [outcome] = await this.sessions.query<Outcome[]>(CREATE, parameters);
    if (!outcome) throw new NotFoundException('Customer not found');
    const { customer_id, status, expires_at } = outcome;
    if (!expires_at) throw new ForbiddenException(`Customer is ${status} and cannot log in to the portal`);
    return { id, token, customer_id, expires_at };
  }

  /**
   * The session that a token opens, with its customer, as they are at this moment: nothing is kept between requests.
   * @returns undefined when there is none, or it has expired by the database's clock, or its customer is not active.
   */
  async find(token: string): Promise<PortalSession | undefined> {
    if (!isToken(token)) return undefined;
    const session = await this.sessions
      .createQueryBuilder('session')
      .innerJoinAndSelect('session.customer', 'customer')
      .where('session.token_hash = :hash AND session.expires_at > now()', { hash: hashSecret(token) })
      .andWhere('customer.status = :status', { status: 'active' satisfies Status })
      .getOne();
    return session ?? undefined;
  }
}
