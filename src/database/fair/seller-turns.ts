import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config';
import { WAITING_PER_CONNECTION } from '../errors';
import { FairTurns } from './fair-turns';

/**
 * The turns of what takes a connection for one request alone and is read or written by no queue: API keys, sessions. Some of
 * it waits for others' locks, and the queues need the other connections.
 */
@Injectable()
export class SellerTurns extends FairTurns {
  constructor({ databasePoolSize }: Config) {
    super({ concurrent: Math.ceil(databasePoolSize / 4), maxWaiting: databasePoolSize * WAITING_PER_CONNECTION });
  }
}
