import { Injectable } from '@nestjs/common';
import type { Customer } from '../customers/customer.entity';
import { FIELD_NAMES } from '../customers/customer.fields';
import { HistoryService } from '../customers/history/history.service';
import { BEGINNING, type CustomerEvent, eventId, EVENT_TYPES, type EventPosition } from './event';
import type { EventsQuery } from './events.dto';
import { EventsRepository, positionOf, type StoredEvent } from './events.repository';

export interface EventPage {
  events: CustomerEvent[];
  /** Where the next page starts. */
  next: EventPosition;
  hasMore: boolean;
}

const DEFAULT_LIMIT = 100;

/** How many customers are read at a time, and after how many characters of them a page ends. */
const CUSTOMERS_AT_ONCE = 100;
const MAX_CHARACTERS = 128 * 1024;

/** The feed: everything that happened to the customers of a seller, in an order that never changes. */
@Injectable()
export class EventsService {
  constructor(
    private readonly repository: EventsRepository,
    private readonly history: HistoryService,
  ) {}

  /** A page of events, oldest first. It has fewer than `limit` when they are large, or when the filter leaves few. */
  async page(sellerId: string, query: EventsQuery): Promise<EventPage> {
    const { after = BEGINNING, limit = DEFAULT_LIMIT, type: types = EVENT_TYPES, customer_id: customerId } = query;
    if (after === 'latest') return { events: [], next: await this.repository.findEnd(), hasMore: false };
    const page = await this.repository.find({ sellerId, after, limit, types, customerId });
    const events: CustomerEvent[] = [];
    for (let read = 0, characters = 0; read < page.events.length; read += CUSTOMERS_AT_ONCE) {
      if (characters > MAX_CHARACTERS) {
        return { events, next: positionOf(page.events[read - 1] as StoredEvent), hasMore: true };
      }
      const some = await this.withCustomers(sellerId, page.events.slice(read, read + CUSTOMERS_AT_ONCE));
      events.push(...some);
      characters += some.reduce((sum, { customer }) => sum + charactersIn(customer), 0);
    }
    return { events, next: page.next, hasMore: page.hasMore };
  }

  /** Without the events of customers who were deleted after the events were read. */
  private async withCustomers(sellerId: string, stored: StoredEvent[]): Promise<CustomerEvent[]> {
    const written = stored.filter(({ type }) => type !== 'customer.deleted');
    const versions = written.map(({ customer_id, version }) => ({ id: customer_id, version }));
    const customerAt = await this.history.customersAt(sellerId, versions);
    return stored.flatMap((event): CustomerEvent[] => {
      const { customer_id, version, type } = event;
      const id = eventId(customer_id, version, type);
      if (type === 'customer.deleted') return [{ ...event, id, customer: null }];
      const customer = customerAt({ id: customer_id, version });
      return customer ? [{ ...event, id, customer }] : [];
    });
  }
}

function charactersIn(customer: Customer | null): number {
  if (!customer) return 0;
  const values = FIELD_NAMES.map((member) => customer[member]);
  const texts = values.flatMap((value) => (typeof value === 'object' && value ? Object.values(value) : [value ?? '']));
  return texts.reduce((sum, text) => sum + String(text).length, 0);
}
