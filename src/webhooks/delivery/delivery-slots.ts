/** A request that takes longer than this is slow. */
const SLOW_MS = 1000;

/** How many requests one webhook may have at the same time: a quick one, and one that is slow or new. */
const PER_WEBHOOK = 8;
const PER_SLOW_WEBHOOK = 1;

/** The limit of all requests, as a multiple of the workers, for when quick receivers become slow all at once. */
const MAX_FACTOR = 10;

/** The right to one request. */
export class Slot {
  readonly startedAt = performance.now();

  constructor(
    readonly sellerId: string,
    private readonly isOfSlowWebhook: boolean,
  ) {}

  get isSlow(): boolean {
    return this.isOfSlowWebhook || performance.now() - this.startedAt > SLOW_MS;
  }
}

/**
 * Limits how many requests run at the same time. Slow receivers have slots of their own, so that they never delay the quick
 * ones. Of these a seller holds no more than it leaves free: one whose receivers all hang can't keep others, whose receivers
 * are new, from their first delivery.
 */
export class DeliverySlots {
  private readonly taken = new Set<Slot>();
  /** Webhooks whose last request was a quick success. */
  private readonly quick = new Set<string>();

  constructor(private readonly workers: number) {}

  /** As many slots as the webhook may have now, perhaps none. The caller returns each with `giveBack`. */
  take(sellerId: string, webhookId: string): Slot[] {
    const isQuick = this.quick.has(webhookId);
    const slow = [...this.taken].filter((slot) => slot.isSlow);
    const sameKind = isQuick ? this.taken.size - slow.length : slow.length;
    const free = Math.min(this.workers - sameKind, this.workers * MAX_FACTOR - this.taken.size);
    if (!isQuick && slow.filter((slot) => slot.sellerId === sellerId).length >= free) return [];
    const count = Math.max(0, Math.min(isQuick ? PER_WEBHOOK : PER_SLOW_WEBHOOK, free));
    const slots = Array.from({ length: count }, () => new Slot(sellerId, !isQuick));
    slots.forEach((slot) => this.taken.add(slot));
    return slots;
  }

  giveBack(slot: Slot): void {
    this.taken.delete(slot);
  }

  note(webhookId: string, isSuccess: boolean, durationMs: number): void {
    if (isSuccess && durationMs <= SLOW_MS) this.quick.add(webhookId);
    else this.quick.delete(webhookId);
  }
}
