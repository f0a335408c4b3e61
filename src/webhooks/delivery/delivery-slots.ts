/** A request that takes longer than this is slow. */
const SLOW_MS = 1000;

/** How many requests one webhook may have at the same time: 8 when it is quick, otherwise 1. */
const PER_QUICK_WEBHOOK = 8;
const PER_OTHER_WEBHOOK = 1;

/** The share of the quick slots that only quick webhooks take. */
const KEPT_FOR_QUICK = 0.5;

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
 * ones. A webhook whose last request failed quickly, or that is new, takes a quick slot: when its receiver hangs, that slot
 * counts as a slow one after a second. A webhook that is not quick gets a slot only while its seller
 * has fewer than are free, so that the hanging receivers of one seller can't block the deliveries of others.
 */
export class DeliverySlots {
  /** In the order in which they were taken. */
  private readonly quickOnes = new Set<Slot>();
  /** Slots of slow webhooks, and slots that were quick and have become slow. */
  private readonly slowOnes = new Set<Slot>();
  /** By webhook, what its last request was: slow, or a quick success or failure. */
  private readonly last = new Map<string, 'slow' | 'quick' | 'failed'>();

  constructor(private readonly workers: number) {}

  /**
   * As many slots as the webhook may have now, perhaps none. The caller returns each with `giveBack`.
   * @param isFailing of a webhook that has had no request since the start: whether it failed before.
   */
  take(sellerId: string, webhookId: string, isFailing: boolean): Slot[] {
    this.findSlowOnes();
    const last = this.last.get(webhookId) ?? (isFailing ? 'slow' : 'new');
    const isQuick = last === 'quick';
    const isSlow = last === 'slow';
    const sameKind = isSlow ? this.slowOnes : this.quickOnes;
    const kept = isQuick || isSlow ? 0 : Math.floor(this.workers * KEPT_FOR_QUICK);
    const total = this.quickOnes.size + this.slowOnes.size;
    const free = Math.min(this.workers - kept - sameKind.size, this.workers * MAX_FACTOR - total);
    // First, because many ask when there is no slot.
    if (free <= 0) return [];
    const own = [...this.quickOnes, ...this.slowOnes].filter((slot) => slot.webhookId === webhookId).length;
    if (!isQuick && [...sameKind].filter((slot) => slot.sellerId === sellerId).length >= free) return [];
    const count = Math.min((isQuick ? PER_QUICK_WEBHOOK : PER_OTHER_WEBHOOK) - own, free);
    const slots = Array.from({ length: Math.max(0, count) }, () => new Slot(sellerId, webhookId));
    slots.forEach((slot) => sameKind.add(slot));
    return slots;
  }

  giveBack(slot: Slot): void {
    this.quickOnes.delete(slot);
    this.slowOnes.delete(slot);
  }

  note(webhookId: string, isSuccess: boolean, durationMs: number): void {
    this.last.set(webhookId, durationMs > SLOW_MS ? 'slow' : isSuccess ? 'quick' : 'failed');
  }

  private findSlowOnes(): void {
    for (const slot of this.quickOnes) {
      if (performance.now() - slot.startedAt <= SLOW_MS) return;
      this.quickOnes.delete(slot);
      this.slowOnes.add(slot);
    }
  }
}
