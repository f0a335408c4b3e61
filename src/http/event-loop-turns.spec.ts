import { setImmediate as nextRound } from 'node:timers/promises';
import { EventLoopTurns, workOf } from './event-loop-turns';

describe('Turns on the event loop', () => {
  const turns = new EventLoopTurns(1000);
  let started: string[];

  beforeEach(async () => {
    started = [];
    await nextRound();
  });

  function wait(seller: string, count: number, bytes = 0): Promise<unknown> {
    return Promise.all(
      Array.from({ length: count }, () => turns.wait(seller, workOf(bytes)).then(() => void started.push(seller))),
    );
  }

  it('come at once while there is little to do', async () => {
    await wait('a', 10);
    expect(started).toHaveLength(10);
  });

  it('come in rounds when there is much to do, and soon for a seller that has little', async () => {
    const all = [wait('a', 1000)];
    await nextRound();
    const before = started.length;
    all.push(wait('b', 1));
    await nextRound();
    expect(started.slice(before)).toContain('b');
    expect(started.length).toBeLessThan(100);
    await Promise.all(all);
    expect(started).toHaveLength(1001);
  });

  it('are refused to the seller with the most when more wait than may', async () => {
    const all = Promise.allSettled(Array.from({ length: 1100 }, () => turns.wait('a')));
    const ofOther = wait('b', 10);
    await ofOther;
    expect((await all).filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(80);
  });

  it('are fewer in a round when bodies are large', async () => {
    const all = wait('a', 20, 1_000_000);
    for (let round = 1; round <= 5; round++) {
      await nextRound();
      expect(started.length).toBeLessThanOrEqual(round + 1);
    }
    await all;
    expect(started).toHaveLength(20);
  });
});
