import type { Attempt, LastResult } from '../webhook.entity';
import { isSuccess } from './webhook-sender';

/** A request that takes longer than this is slow. */
const SLOW_MS = 1000;

type Pool = 'quick' | 'new' | 'slow' | 'hung';

/**
 * For webhooks by their last result: the pool of their slots, how much of it they may fill as a multiple of the workers, and
 * how many requests each may have at the same time. The others leave half of the quick slots to quick webhooks. Webhooks that
 * are new have room for many, as it takes an answer to tell those that hang from the others.
 */
const KINDS: Record<LastResult | 'new', { pool: Pool; share: number; each: number }> = {
  quick: { pool: 'quick', share: 1, each: 8 },
  failed: { pool: 'quick', share: 0.5, each: 1 },
  new: { pool: 'new', share: 5, each: 1 },
  slow: { pool: 'slow', share: 1, each: 4 },
  hung: { pool: 'hung', share: 1, each: 1 },
};

/** The limit of all requests, as a multiple of the workers, for when quick receivers become slow all at once. */
const MAX_FACTOR = 10;

/** The right to one request. */
export class Slot {
  readonly startedAt = performance.now();

  constructor(
    readonly sellerId: string,
    readonly webhookId: string,
    readonly isQuick: boolean,
  ) {}
}

/** What the end of a request says of the receiver. */
export function resultOf(attempt: Attempt): LastResult {
  const isSlow = attempt.duration_ms > SLOW_MS;
  if (isSuccess(attempt)) return isSlow ? 'slow' : 'quick';
  return isSlow ? 'hung' : 'failed';
}

/**
 * Limits how many requests run at the same time. Receivers that hang have slots of their own, so that they never delay others.
 * When one hangs that was quick, had failed quickly or is new, its slot counts as one of these after a second. A webhook that is
 * not quick gets a slot only while its seller has fewer than are free, so that the hanging receivers of one seller can't block
 * the deliveries of others.
 */
export class DeliverySlots {
  /** Each in the order in which they were taken. */
  private readonly taken: Record<Pool, Set<Slot>> = {
    quick: new Set(),
    new: new Set(),
    slow: new Set(),
    hung: new Set(),
  };
  /** By webhook, as far as it has had a request since the start. */
  private readonly last = new Map<string, LastResult>();

  constructor(private readonly workers: number) {}

  /**
   * As many slots as the webhook may have now, perhaps none. The caller returns each with `giveBack`.
   * @param known its last result as it is stored, from before the start or of another instance.
   */
  take(sellerId: string, webhookId: string, known: LastResult | null): Slot[] {
    this.findHung();
    const kind = this.last.get(webhookId) ?? known ?? 'new';
    const isQuick = kind === 'quick';
    const { pool, share, each } = KINDS[kind];
    const total = Object.values(this.taken).reduce((sum, { size }) => sum + size, 0);
    const max = this.workers * (isQuick ? MAX_FACTOR : MAX_FACTOR - 1);
    const free = Math.min(Math.ceil(this.workers * share) - this.taken[pool].size, max - total);
    // First, because many ask when there is no slot.
    if (free <= 0) return [];
    const all = Object.values(this.taken).flatMap((slots) => [...slots]);
    const own = all.filter((slot) => slot.webhookId === webhookId).length;
    const ofSeller = isQuick ? 0 : all.filter((slot) => slot.sellerId === sellerId && !slot.isQuick).length;
    const slots: Slot[] = [];
    const isLeft = () => free - slots.length > (isQuick ? 0 : ofSeller + slots.length);
    while (own + slots.length < each && isLeft()) slots.push(new Slot(sellerId, webhookId, isQuick));
    slots.forEach((slot) => this.taken[pool].add(slot));
    return slots;
  }

  giveBack(slot: Slot): void {
    for (const slots of Object.values(this.taken)) slots.delete(slot);
  }

  note(webhookId: string, result: LastResult): void {
    this.last.set(webhookId, result);
  }

  private findHung(): void {
    for (const slots of [this.taken.quick, this.taken.new]) {
      for (const slot of slots) {
        if (performance.now() - slot.startedAt <= SLOW_MS) break;
        slots.delete(slot);
        this.taken.hung.add(slot);
      }
    }
  }
}
