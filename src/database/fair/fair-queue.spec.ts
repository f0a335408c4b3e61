import fc from 'fast-check';
import { type WalkStep, FairQueue } from './fair-queue';

/** The next entries in the order of their turns. */
function take(queue: FairQueue<string>, count: number, isTaken = (_: string) => true): string[] {
  const taken: string[] = [];
  queue.walk((entry): WalkStep => {
    if (taken.length === count) return 'stop';
    if (!isTaken(entry)) return 'keep';
    taken.push(entry);
    return 'take';
  });
  return taken;
}

function queueOf(max: number, ...entries: string[]): FairQueue<string> {
  const queue = new FairQueue<string>(max);
  for (const entry of entries) expect(queue.add(entry.charAt(0), entry)).toBeUndefined();
  return queue;
}

describe('A fair queue', () => {
  it('takes entries in turns, those of one seller in their order', () => {
    const queue = queueOf(10, 'a1', 'a2', 'a3', 'b1', 'a4', 'b2', 'c1');
    expect(take(queue, 5)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2']);
    expect(take(queue, 5)).toEqual(['a3', 'a4']);
    expect(queue.length).toBe(0);
  });

  it('goes on with the sellers that had no turn', () => {
    const queue = queueOf(10, 'a1', 'a2', 'b1', 'b2', 'c1', 'c2');
    expect([take(queue, 2), take(queue, 2), take(queue, 2)]).toEqual([
      ['a1', 'b1'],
      ['c1', 'a2'],
      ['b2', 'c2'],
    ]);
  });

  it('takes the next entry of a seller in place of one that is kept, which keeps its place', () => {
    const queue = queueOf(10, 'a1', 'a2', 'a3', 'b1');
    expect(take(queue, 2, (entry) => entry !== 'a1')).toEqual(['a2', 'b1']);
    expect(take(queue, 2)).toEqual(['a1', 'a3']);
  });

  it('takes first what was put back, also when it is full', () => {
    const queue = queueOf(2, 'a1', 'a2');
    expect(take(queue, 1)).toEqual(['a1']);
    expect(queue.add('a', 'a3')).toBeUndefined();
    queue.putBack('a', 'a1');
    expect([queue.length, queue.add('a', 'a4')]).toEqual([3, 'a4']);
    expect(take(queue, 9)).toEqual(['a1', 'a2', 'a3']);
  });

  it('refuses the largest holder when it is full, and for another seller the newest entry of the largest', () => {
    const queue = queueOf(4, 'a1', 'a2', 'a3', 'a4');
    expect(queue.add('a', 'a5')).toBe('a5');
    expect(queue.add('b', 'b1')).toBe('a4');
    expect(queue.add('b', 'b2')).toBe('a3');
    expect(queue.add('b', 'b3')).toBe('b3');
    expect(queue.add('c', 'c1')).toBe('a2');
    expect(queue.add('d', 'd1')).toBe('b2');
    expect(queue.add('e', 'e1')).toBe('e1');
    expect(take(queue, 9)).toEqual(['a1', 'b1', 'c1', 'd1']);
  });

  it('with any use keeps to its size, loses nothing, and keeps the order of each seller', () => {
    const steps = fc.array(
      fc.record({ seller: fc.constantFrom('a', 'b', 'c'), count: fc.integer({ min: 0, max: 9 }) }),
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 8 }), (steps, max) => {
        const queue = new FairQueue<[string, number]>(max);
        const waiting: Record<string, number[]> = { a: [], b: [], c: [] };
        for (const [number, { seller, count }] of steps.entries()) {
          waiting[seller]?.push(number);
          const refused = queue.add(seller, [seller, number]);
          if (refused) expect(waiting[refused[0]]?.pop()).toBe(refused[1]);
          let left = count < 4 ? count : 0;
          queue.walk(([seller, number]) => {
            if (left-- === 0) return 'stop';
            expect(waiting[seller]?.shift()).toBe(number);
            return 'take';
          });
          const lengths = Object.values(waiting).map(({ length }) => length);
          expect(queue.length).toBe(lengths.reduce((sum, length) => sum + length, 0));
          expect(queue.length).toBeLessThanOrEqual(max);
        }
      }),
    );
  });
});
