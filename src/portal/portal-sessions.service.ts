import { ForbiddenException, Injectable, NotFoundException } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { fromBase62, generateSecret, hashSecret, isSecret, toBase62 } from '../api-keys/secret-format';
import { Config } from '../config/config';
import type { PortalSession } from './portal-session.entity';
import { PortalSessionsRepository } from './portal-sessions.repository';

export interface NewPortalSession {
  id: string;
  /** The secret, which appears nowhere else. */
  token: string;
  customer_id: string;
  expires_at: Date;
}

@Injectable()
export class PortalSessionsService {
  constructor(
    private readonly sessions: PortalSessionsRepository,
    private readonly config: Config,
  ) {}

  /**
   * Lets a customer into the portal for a while. The answer is the only place where the token ever appears.
   * @throws NotFoundException when the seller has no such customer.
   * @throws ForbiddenException when the customer is not active.
   */
  async create(sellerId: string, customerId: string): Promise<NewPortalSession> {
    const [id, token] = [uuidv7(), generateToken(sellerId)];
    const session = { seller_id: sellerId, customer_id: customerId, id, token_hash: hashSecret(token) };
    const created = await this.sessions.create(session, this.config.portalSessionMinutes);
    if (!created) throw new NotFoundException('Customer not found');
    const { id: customer_id, status, expires_at } = created;
    if (!expires_at) throw new ForbiddenException(`Customer is ${status} and cannot log in to the portal`);
    return { id, token, customer_id, expires_at };
  }

  /**
   * The session that a token opens, with its customer, as they are at this moment: nothing is kept between requests.
   * @returns undefined when there is none, or it has expired, or its customer is not active.
   */
  async find(token: string): Promise<PortalSession | undefined> {
    if (!isToken(token)) return undefined;
    const hash = hashSecret(token);
    const seller = sellerOf(token);
    const named = seller && (await this.sessions.find(hash, seller));
    // A token that was made when they named no seller; all have expired a week after the upgrade at the latest.
    return named || ((await this.sessions.find(hash)) ?? undefined);
  }
}

const PREFIX = 'ps_live_';

/** The length of a UUID in base62. */
const SELLER_LENGTH = 22;

/**
 * A new portal token: in the format of a key, with another prefix, and with the id of the seller at its beginning. So its
 * session is looked up within the seller, wherever that seller's rows are. The 20 random characters have 119 bits.
 */
export function generateToken(sellerId: string): string {
  return generateSecret(PREFIX, toBase62(BigInt(`0x${sellerId.replaceAll('-', '')}`), SELLER_LENGTH));
}

/** Whether a text has the shape and the checksum of a portal token. */
function isToken(text: string): boolean {
  return isSecret(PREFIX, text);
}

/** The id of the seller that a token names; undefined if that is not an id, as in tokens from before they named a seller. */
export function sellerOf(token: string): string | undefined {
  const hex = fromBase62(token.slice(PREFIX.length, PREFIX.length + SELLER_LENGTH))
    .toString(16)
    .padStart(32, '0');
  return hex.length === 32 ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : undefined;
}
