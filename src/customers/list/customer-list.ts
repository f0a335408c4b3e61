import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config';
import { FairTurns } from '../../database/fair/fair-turns';
import { WAITING_PER_CONNECTION } from '../../database/errors';
import { EventLog } from '../history/event-log';
import type { CursorPosition } from '../../http/cursor';
import type { Customer } from '../customer.entity';
import { type ListCursor, type ListCustomersQuery, writeListCursor } from '../dto/customer.query';
import { hasTrigram, ListRepository } from './list.repository';

export interface CustomerPage {
  customers: Customer[];
  /** Where the next page starts; null on the last one. */
  next_cursor: string | null;
  /** This walk sees every change dated up to this time. */
  as_of: Date;
}

/** A part of the list. `end` is where the search stopped before it found enough; undefined otherwise. */
interface Found {
  customers: Customer[];
  end?: CursorPosition | undefined;
}

/** How long a page goes on looking for customers window by window. */
const WALK_MS = 50;

/** How long the index of texts may take to find what is not in the first window. */
const FIND_MS = 400;

/**
 * Lists the customers of a seller, newest first. The cost of a page is limited, whatever is looked for: a page that reaches its
 * limits ends early, and its cursor leads on.
 */
@Injectable()
export class CustomerList {
  private readonly turns: FairTurns;

  constructor(
    private readonly repository: ListRepository,
    private readonly eventLog: EventLog,
    { databasePoolSize }: Config,
  ) {
    // Lists take half of the connections at most: other requests would wait behind them.
    this.turns = new FairTurns({
      concurrent: Math.ceil(databasePoolSize / 2),
      maxWaiting: databasePoolSize * WAITING_PER_CONNECTION,
    });
  }

  /**
   * @param isTooLate whether the client has left, or its time is nearly over: the page is then not read.
   * @throws OverloadedError when too much waits already, or it is too late.
   */
  find(sellerId: string, query: ListCustomersQuery, isTooLate?: () => boolean): Promise<CustomerPage> {
    return this.turns.run(sellerId, () => this.read(sellerId, query), isTooLate);
  }

  private async read(sellerId: string, query: ListCustomersQuery): Promise<CustomerPage> {
    const { limit, cursor } = query;
    // Read before the customers, so that they include every change dated up to it.
    const as_of = cursor ? cursor.as_of : await this.eventLog.asOf();
    const { customers: found, end } = await this.search(sellerId, query, limit + 1);
    const customers = found.slice(0, limit);
    const next = found.length > limit ? customers.at(-1) : end;
    return { customers, next_cursor: next ? writeListCursor({ ...next, as_of } satisfies ListCursor) : null, as_of };
  }

  private async search(sellerId: string, query: ListCustomersQuery, limit: number): Promise<Found> {
    const { cursor, email, search, updated_since } = query;
    if (email) return { customers: await this.repository.findByFilter(sellerId, query, limit) };
    if (updated_since && (await this.repository.hasFewChanges(sellerId, updated_since))) {
      return { customers: await this.repository.findFewChanged(sellerId, query, limit) };
    }
    if (!updated_since && !search) return { customers: await this.repository.walk(sellerId, query, limit, cursor) };
    return this.searchInOrder(sellerId, query, limit);
  }

  /** Looks at the newest customers first, which finds common matches at once. The index then finds rare ones. */
  private async searchInOrder(sellerId: string, query: ListCustomersQuery, limit: number): Promise<Found> {
    const start = performance.now();
    const customers: Customer[] = [];
    let end: CursorPosition | undefined = query.cursor;
    do {
      customers.push(...(await this.repository.walk(sellerId, query, limit - customers.length, end)));
      if (customers.length >= limit) return { customers };
      end = await this.repository.endOfWindow(sellerId, query, end);
      if (!end) return { customers };
      if (hasTrigram(query.search)) {
        const left = limit - customers.length;
        const rest = await this.repository.findByFilterWithin(FIND_MS, sellerId, query, left, end);
        return rest ? { customers: [...customers, ...rest] } : { customers, end };
      }
    } while (performance.now() - start < WALK_MS);
    return { customers, end };
  }
}
