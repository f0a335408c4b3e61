/** From then on a request counts as a slow one. */
const SLOW_MS = 1000;

/** Of a receiver that answers quickly, and of one that does not or of which nothing is known. */
const PER_WEBHOOK = 8;
const PER_SLOW_WEBHOOK = 1;

/** How many more than the workers may be under way because quick receivers have become slow all at once. */
const MAX_FACTOR = 10;

/** A request that may be under way. */
export class Slot {
  readonly startedAt = performance.now();

  constructor(private readonly isOfSlowWebhook: boolean) {}

  get isSlow(): boolean {
    return this.isOfSlowWebhook || performance.now() - this.startedAt > SLOW_MS;
  }
}

/**
 * How many requests may be under way. Slow ones, and those that wait for dead receivers, have places of their own, so that
 * they never keep the others waiting.
 */
export class DeliverySlots {
  private readonly taken = new Set<Slot>();
  /** Webhooks whose last answer came soon, and was a success. */
  private readonly quick = new Set<string>();

  constructor(private readonly workers: number) {}

  /** As many places as a webhook may have now, which may be none. Each has to be given back. */
  take(webhookId: string): Slot[] {
    const isQuick = this.quick.has(webhookId);
    const slow = [...this.taken].filter((slot) => slot.isSlow).length;
    const sameKind = isQuick ? this.taken.size - slow : slow;
    const free = Math.min(this.workers - sameKind, this.workers * MAX_FACTOR - this.taken.size);
    const count = Math.max(0, Math.min(isQuick ? PER_WEBHOOK : PER_SLOW_WEBHOOK, free));
    const slots = Array.from({ length: count }, () => new Slot(!isQuick));
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
