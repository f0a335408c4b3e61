/**
 * Limits how much is done at the same time. Only a seller without a slot gets the last free one, so that no seller can fill
 * all slots with slow work.
 */
export class FairSlots {
  private readonly used = new Map<string, number>();
  private total = 0;

  constructor(private readonly max: number) {}

  get isFull(): boolean {
    return this.total >= this.max;
  }

  /** Whether the seller may take a slot. */
  isFree(seller: string): boolean {
    const kept = this.used.has(seller) ? 1 : 0;
    return this.total + kept < this.max;
  }

  take(seller: string): void {
    this.used.set(seller, (this.used.get(seller) ?? 0) + 1);
    this.total++;
  }

  release(seller: string): void {
    const left = (this.used.get(seller) ?? 0) - 1;
    if (left > 0) this.used.set(seller, left);
    else this.used.delete(seller);
    this.total--;
  }
}
