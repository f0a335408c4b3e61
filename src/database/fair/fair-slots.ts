/**
 * Limits how much is done at the same time. The last free slot is for a seller that has none, so that nobody who does slow
 * work at all slots makes others wait for more than one of them to end.
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
