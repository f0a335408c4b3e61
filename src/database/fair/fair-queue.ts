/** What to do with an entry that a walk through the queue has come to. */
export type WalkStep = 'take' | 'keep' | 'stop';

/**
 * A queue with a limited number of places, which sellers share. While there is room, one seller may have all of it. When it
 * is full, a seller that holds fewer places than another gets one of the other's. Entries are taken in turns: one of each
 * seller, then the next one of each. Those of one seller keep their order.
 */
export class FairQueue<Entry> {
  /** The seller whose last turn was longest ago comes first. */
  private readonly entries = new Map<string, Entry[]>();
  /** The sellers by the number of their places, so that the largest holder is known without a search. */
  private readonly holders: Set<string>[] = [];
  private largest = 0;
  private size = 0;

  constructor(private readonly max: number) {}

  get length(): number {
    return this.size;
  }

  /** @returns the entry that has no place: the new one, or the newest of the seller that holds the most. */
  add(seller: string, entry: Entry): Entry | undefined {
    const own = this.entries.get(seller) ?? [];
    let refused: Entry | undefined;
    if (this.size >= this.max) {
      // A seller with one place less than the largest holder would only swap places with it.
      if (own.length + 1 >= this.largest) return entry;
      refused = this.removeNewestOfLargest();
    }
    own.push(entry);
    this.resize(seller, own, own.length - 1);
    return refused;
  }

  /** Returns a taken entry to the front of its seller's entries, even when the queue is full. */
  putBack(seller: string, entry: Entry): void {
    const own = this.entries.get(seller) ?? [];
    own.unshift(entry);
    this.resize(seller, own, own.length - 1);
  }

  /** Asks about entries in turns. After one that is kept, the next one of the same seller is asked about in the same turn. */
  walk(decide: (entry: Entry) => WalkStep): void {
    const sellers = [...this.entries].map(([seller, entries]) => ({ seller, entries, asked: 0, kept: [] }));
    takeInTurns(sellers, decide);
    for (const { seller, entries, asked, kept } of sellers) {
      if (kept.length === asked) continue;
      // Others come before the seller next time.
      this.entries.delete(seller);
      this.resize(seller, [...kept, ...entries.slice(asked)], entries.length);
    }
  }

  private removeNewestOfLargest(): Entry | undefined {
    const [seller = ''] = this.holders[this.largest] ?? [];
    const own = this.entries.get(seller) ?? [];
    const newest = own.pop();
    this.resize(seller, own, own.length + 1);
    return newest;
  }

  private resize(seller: string, own: Entry[], before: number): void {
    if (own.length > 0) this.entries.set(seller, own);
    else this.entries.delete(seller);
    this.size += own.length - before;
    this.holders[before]?.delete(seller);
    (this.holders[own.length] ??= new Set()).add(seller);
    this.largest = Math.max(this.largest, own.length);
    while (this.largest > 0 && !this.holders[this.largest]?.size) this.largest--;
    this.holders[0]?.clear();
  }
}

/** How far a walk has come with the entries of a seller. */
interface Walked<Entry> {
  entries: Entry[];
  asked: number;
  kept: Entry[];
}

function takeInTurns<Entry>(sellers: Walked<Entry>[], decide: (entry: Entry) => WalkStep): void {
  for (let inTurn = sellers; inTurn.length > 0;) {
    const taking: Walked<Entry>[] = [];
    for (const seller of inTurn) {
      const decision = takeOne(seller, decide);
      if (decision === 'stop') return;
      if (decision === 'take') taking.push(seller);
    }
    inTurn = taking;
  }
}

function takeOne<Entry>(seller: Walked<Entry>, decide: (entry: Entry) => WalkStep): WalkStep {
  while (seller.asked < seller.entries.length) {
    const entry = seller.entries[seller.asked] as Entry;
    const decision = decide(entry);
    if (decision === 'stop') return 'stop';
    seller.asked++;
    if (decision === 'take') return 'take';
    seller.kept.push(entry);
  }
  return 'keep';
}
