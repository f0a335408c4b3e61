import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config';
import { WAITING_PER_CONNECTION } from '../unavailable';
import { FairTurns } from './fair-turns';

/**
 * The turns of all work that takes a connection for one request alone: lists, histories, keys, sessions. It gets half of the
 * pool, as some of it is slow, and what is written or looked up for many at once would wait behind it.
 */
@Injectable()
export class SellerTurns extends FairTurns {
  constructor({ databasePoolSize }: Config) {
    super({ concurrent: Math.ceil(databasePoolSize / 2), maxWaiting: databasePoolSize * WAITING_PER_CONNECTION });
  }
}
