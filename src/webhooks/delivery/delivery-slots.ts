/** A request that takes longer than this is slow. */
const SLOW_MS = 1000;

/** How many requests one webhook may have at the same time: 8 when it is quick, 1 when it is slow or new. */
const PER_WEBHOOK = 8;
const PER_SLOW_WEBHOOK = 1;

/** The limit of all requests, as a multiple of the workers, for when quick receivers become slow all at once. */
const MAX_FACTOR = 10;

/** The right to one request. */
export class Slot {
  readonly startedAt = performance.now();

  constructor(
    readonly sellerId: string,
    readonly webhookId: string,
  ) {}
}

/**
 * Limits how many requests run at the same time. Slow receivers have slots of their own, so that they never delay the quick
 * ones. A seller takes at most half of the slow slots that other sellers leave, so that its hanging receivers can't block the
 * first deliveries of other sellers' new webhooks.
 */
export class DeliverySlots {
  /** In the order in which they were taken. */
  private readonly quickOnes = new Set<Slot>();
  /** Slots of webhooks that are slow or new, and slots that were quick and have become slow. */
  private readonly slowOnes = new Set<Slot>();
  /** Webhooks whose last request was a quick success. */
  private readonly quick = new Set<string>();

  constructor(private readonly workers: number) {}

  /** As many slots as the webhook may have now, perhaps none. The caller returns each with `giveBack`. */
  take(sellerId: string, webhookId: string): Slot[] {
    this.findSlowOnes();
    const isQuick = this.quick.has(webhookId);
    const sameKind = isQuick ? this.quickOnes : this.slowOnes;
    const total = this.quickOnes.size + this.slowOnes.size;
    const free = Math.min(this.workers - sameKind.size, this.workers * MAX_FACTOR - total);
    // First, because many ask when there is no slot.
    if (free <= 0) return [];
    const own = [...this.quickOnes, ...this.slowOnes].filter((slot) => slot.webhookId === webhookId).length;
    if (!isQuick && [...this.slowOnes].filter((slot) => slot.sellerId === sellerId).length >= free) return [];
    const count = Math.min((isQuick ? PER_WEBHOOK : PER_SLOW_WEBHOOK) - own, free);
    const slots = Array.from({ length: Math.max(0, count) }, () => new Slot(sellerId, webhookId));
    slots.forEach((slot) => sameKind.add(slot));
    return slots;
  }

  giveBack(slot: Slot): void {
    this.quickOnes.delete(slot);
    this.slowOnes.delete(slot);
  }

  note(webhookId: string, isSuccess: boolean, durationMs: number): void {
    if (isSuccess && durationMs <= SLOW_MS) this.quick.add(webhookId);
    else this.quick.delete(webhookId);
  }

  private findSlowOnes(): void {
    for (const slot of this.quickOnes) {
      if (performance.now() - slot.startedAt <= SLOW_MS) return;
      this.quickOnes.delete(slot);
      this.slowOnes.add(slot);
    }
  }
}
