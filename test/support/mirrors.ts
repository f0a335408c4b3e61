import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './http';

const IDLE_MS = 20;

/** Sends a GET to some instance that is up, until it is answered with success. */
export type Get = (path: string) => Promise<Answer>;

/** Keeps a copy of all customers by the feed of events, and what it was told. */
export class FeedMirror {
  readonly customers = new Map<string, object>();
  /** The versions of each customer as they came, a deletion as its negative. */
  readonly versions = new Map<string, number[]>();
  /** From the time of each change until it was read. */
  readonly lagMs: number[] = [];
  private readonly ids = new Set<string>();
  doubled = 0;

  constructor(
    private readonly get: Get,
    private after = '',
  ) {}

  /** Until the customer's creation has come. */
  async followUntil(isLast: () => string | undefined): Promise<void> {
    do {
      const { body } = await this.get(`/api/events?limit=100${this.after && `&after=${this.after}`}`);
      for (const event of body.data) this.apply(event);
      this.after = body.next_cursor;
      if (!body.has_more) await sleep(IDLE_MS);
    } while (!this.customers.has(isLast() ?? ''));
  }

  private apply({ id, customer_id, version, type, customer, created_at }: Record<string, any>): void {
    if (this.ids.has(id)) this.doubled++;
    this.ids.add(id);
    this.lagMs.push(Date.now() - Date.parse(created_at));
    const isDeletion = type === 'customer.deleted';
    this.versions.set(customer_id, [...(this.versions.get(customer_id) ?? []), isDeletion ? -version : version]);
    if (isDeletion) this.customers.delete(customer_id);
    else this.customers.set(customer_id, customer);
  }
}

/** Keeps a copy of all customers by walks of the list, each since the `as_of` of the one before. */
export class ListMirror {
  readonly customers = new Map<string, object>();
  walks = 0;
  private since = '';

  constructor(private readonly get: Get) {}

  async followUntil(isLast: () => string | undefined): Promise<void> {
    do {
      const query = `/api/customers?limit=100${this.since && `&updated_since=${this.since}`}`;
      let { body } = await this.get(query);
      this.since = body.as_of;
      for (; ; { body } = await this.get(`${query}&cursor=${body.next_cursor}`)) {
        for (const customer of body.data) this.customers.set(customer.id, customer);
        if (!body.next_cursor) break;
      }
      this.walks++;
      await sleep(IDLE_MS);
    } while (!this.customers.has(isLast() ?? ''));
  }
}

/** A quantile of some numbers, rounded. */
export function quantile(numbers: number[], part: number): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return Math.round(sorted[Math.floor(sorted.length * part)] ?? NaN);
}
