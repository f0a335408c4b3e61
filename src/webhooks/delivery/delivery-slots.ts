import type { Attempt, LastResult } from '../webhook.entity';
import { isSuccess } from './webhook-sender';

/** A request that takes longer than this is slow. */
const SLOW_MS = 1000;

type Pool = 'quick' | 'new' | 'slow' | 'hung';
type Kind = LastResult | 'new';

/**
 * For webhooks by their last result: the pool of their slots, how much of it they may fill as a multiple of the workers, how
 * many requests each may have at the same time, how many slots it takes at once, and how many must be free for each that its
 * seller has. Those that are not quick leave half of the quick slots to quick webhooks. There is room for many that are new, as
 * it takes an answer to tell those that hang from the others, and for many that are slow or hang, as their requests only wait.
 */
const KINDS: Record<Kind, { pool: Pool; share: number; each: number; step: number; leave: number }> = {
  quick: { pool: 'quick', share: 1, each: 8, step: 8, leave: 0 },
  failed: { pool: 'quick', share: 0.5, each: 1, step: 1, leave: 1 },
  new: { pool: 'new', share: 5, each: 1, step: 1, leave: 1 },
  slow: { pool: 'slow', share: 5, each: 4, step: 1, leave: 8 },
  hung: { pool: 'hung', share: 5, each: 1, step: 1, leave: 8 },
};

/** The limit of all requests, as a multiple of the workers, for when quick receivers become slow all at once. */
const MAX_FACTOR = 20;

/** How long it takes until what a seller held counts for little. */
const MEMORY_MS = 60_000;

/** The right to one request. */
export class Slot {
  readonly startedAt = performance.now();

  constructor(
    readonly sellerId: string,
    readonly webhookId: string,
    public kind: Kind,
  ) {}
}

/** How many slots of one kind a seller holds, and how many it has held on average, recent times counting more. */
class Holding {
  held = 0;
  private averageBefore = 0;
  private changedAt = performance.now();

  get average(): number {
    const passed = performance.now() - this.changedAt;
    return this.held + (this.averageBefore - this.held) * Math.exp(-passed / MEMORY_MS);
  }

  add(count: number): void {
    this.averageBefore = this.average;
    this.changedAt = performance.now();
    this.held += count;
  }
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
 * not quick gets a slot only while more are free than its seller has, or has had on average of the last minute: several times as
 * many for slow or hanging receivers, so that a seller that needs a slot briefly, or seldom, finds one at once.
 */
export class DeliverySlots {
  /** Each in the order in which they were taken. */
  private readonly taken: Record<Pool, Set<Slot>> = {
    quick: new Set(),
    new: new Set(),
    slow: new Set(),
    hung: new Set(),
  };
  /** By kind and seller, as far as it has had a slot since the start. */
  private readonly holdings = new Map<string, Holding>();
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
    const { pool, share, each, step, leave } = KINDS[kind];
    const total = Object.values(this.taken).reduce((sum, { size }) => sum + size, 0);
    const max = this.workers * (isQuick ? MAX_FACTOR : MAX_FACTOR - 1);
    const free = Math.min(Math.ceil(this.workers * share) - this.taken[pool].size, max - total);
    // First, because many ask when there is no slot.
    if (free <= 0) return [];
    const { held, average } = this.holdingOf(kind, sellerId);
    const all = Object.values(this.taken).flatMap((slots) => [...slots]);
    const own = all.filter((slot) => slot.webhookId === webhookId).length;
    const slots: Slot[] = [];
    const isLeft = () => free - slots.length > leave * Math.max(held + slots.length, average);
    while (slots.length < Math.min(step, each - own) && isLeft()) slots.push(new Slot(sellerId, webhookId, kind));
    for (const slot of slots) this.put(slot, pool);
    return slots;
  }

  giveBack(slot: Slot): void {
    for (const slots of Object.values(this.taken)) {
      if (slots.delete(slot)) this.holdingOf(slot.kind, slot.sellerId).add(-1);
    }
  }

  note(webhookId: string, result: LastResult): void {
    this.last.set(webhookId, result);
  }

  private put(slot: Slot, pool: Pool): void {
    this.taken[pool].add(slot);
    this.holdingOf(slot.kind, slot.sellerId).add(1);
  }

  private holdingOf(kind: Kind, sellerId: string): Holding {
    const key = `${kind} ${sellerId}`;
    const holding = this.holdings.get(key) ?? new Holding();
    this.holdings.set(key, holding);
    return holding;
  }

  private findHung(): void {
    for (const slots of [this.taken.quick, this.taken.new]) {
      for (const slot of slots) {
        if (performance.now() - slot.startedAt <= SLOW_MS) break;
        this.giveBack(slot);
        slot.kind = 'hung';
        this.put(slot, 'hung');
      }
    }
  }
}
