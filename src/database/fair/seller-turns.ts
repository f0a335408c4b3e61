import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config';
import { WAITING_PER_CONNECTION } from '../errors';
import { FairTurns } from './fair-turns';

/**
 * Turns for requests that need a connection of their own and use no queue: those for API keys and sessions. They get only a
 * part of the connections, because some of them wait for locks, and the queues need the rest.
 */
@Injectable()
export class SellerTurns extends FairTurns {
  constructor({ databasePoolSize }: Config) {
    super({ concurrent: Math.ceil(databasePoolSize / 4), maxWaiting: databasePoolSize * WAITING_PER_CONNECTION });
  }
}
