import { OverloadedError } from '../errors';
import { FairTurns } from './fair-turns';

/** Work of sellers that lasts until it is ended by hand. */
class Work {
  readonly started: string[] = [];
  private readonly ends = new Map<string, () => void>();

  constructor(private readonly turns: FairTurns) {}

  start(name: string, isTooLate?: () => boolean): Promise<string> {
    const work = () => {
      this.started.push(name);
      return new Promise<string>((resolve) => this.ends.set(name, () => resolve(name)));
    };
    return this.turns.run(name.charAt(0), work, isTooLate);
  }

  async end(name: string): Promise<void> {
    this.ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('Turns', () => {
  it('leave the last slot to a seller that has none, and go round', async () => {
    const work = new Work(new FairTurns({ concurrent: 3, maxWaiting: 9 }));
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) void work.start(name);
    expect(work.started).toEqual(['a1', 'a2', 'b1']);
    await work.end('a1');
    expect(work.started.slice(3)).toEqual(['c1']);
    await work.end('b1');
    await work.end('c1');
    expect(work.started.slice(4)).toEqual(['b2']);
    await work.end('a2');
    expect(work.started.slice(5)).toEqual(['a3']);
    await work.end('b2');
    expect(work.started.slice(6)).toEqual(['a4']);
  });

  it('are for all, one at a time, where there is but one', async () => {
    const work = new Work(new FairTurns({ concurrent: 1, maxWaiting: 9 }));
    for (const name of ['a1', 'a2', 'b1']) void work.start(name);
    for (const name of ['a1', 'a2', 'b1']) await work.end(name);
    expect(work.started).toEqual(['a1', 'a2', 'b1']);
  });

  it('refuse the newest work of the seller that has most waiting', async () => {
    const work = new Work(new FairTurns({ concurrent: 1, maxWaiting: 2 }));
    void work.start('a1');
    void work.start('a2');
    const newest = work.start('a3');
    await expect(work.start('a4')).rejects.toThrow(OverloadedError);
    void work.start('b1');
    await expect(newest).rejects.toThrow(OverloadedError);
    for (const name of ['a1', 'a2', 'b1']) await work.end(name);
    expect(work.started).toEqual(['a1', 'a2', 'b1']);
  });

  it('refuse work that begins too late, and go on after a failure', async () => {
    const turns = new FairTurns({ concurrent: 1, maxWaiting: 9 });
    const work = new Work(turns);
    const first = turns.run('a', () => Promise.reject(new Error('failed')));
    const second = work.start('a2', () => true);
    void work.start('a3');
    await expect(first).rejects.toThrow('failed');
    await expect(second).rejects.toThrow(OverloadedError);
    await work.end('');
    expect(work.started).toEqual(['a3']);
  });
});
