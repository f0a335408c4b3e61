import type { LastResult } from '../webhook.entity';
import { DeliverySlots, resultOf, type Slot } from './delivery-slots';

/** All that the webhook can have now. */
function takeAll(slots: DeliverySlots, seller: string, webhook: string, result: LastResult | null): Slot[] {
  const taken = slots.take(seller, webhook, result);
  return taken.length === 0 ? [] : [...taken, ...takeAll(slots, seller, webhook, result)];
}

describe('The slots of deliveries', () => {
  it('are one for a webhook that is new, and eight for one that answers quickly', () => {
    const slots = new DeliverySlots(20);
    const [slot] = slots.take('a', 'webhook', null);
    expect(slots.take('a', 'other', null)).toHaveLength(1);
    slots.note('webhook', 'quick');
    if (slot) slots.giveBack(slot);
    const eight = slots.take('a', 'webhook', null);
    expect(eight).toHaveLength(8);
    for (const one of eight.slice(3)) slots.giveBack(one);
    expect(slots.take('a', 'webhook', null)).toHaveLength(5);
  });

  it.each([
    ['was quick', 200, 1000, 8],
    ['took more than a second', 200, 1001, 4],
    ['failed', 500, 1000, 1],
    ['failed after more than a second', null, 1001, 1],
  ])('are as many for a webhook as it deserves whose last delivery %s', (_, status_code, duration_ms, count) => {
    const slots = new DeliverySlots(20);
    slots.note('webhook', resultOf({ attempted_at: '', status_code, duration_ms, error: null, response: null }));
    expect(takeAll(slots, 'a', 'webhook', null)).toHaveLength(count);
  });

  it.each(['slow', 'hung'] as const)(
    'leave %s receivers of other sellers some, whatever one seller takes',
    (result) => {
      const slots = new DeliverySlots(4);
      const take = (seller: string) =>
        Array.from({ length: 20 }, (_, i) => slots.take(seller, `${seller}${i}`, result)).flat().length;
      expect([take('a'), take('b'), take('c'), take('d')]).toEqual([3, 2, 2, 2]);
    },
  );

  it('are free for all others while the receivers of many sellers hang', () => {
    const slots = new DeliverySlots(20);
    for (let seller = 0; seller < 30; seller++) {
      slots.note(`hung${seller}`, 'hung');
      slots.take(`seller${seller}`, `hung${seller}`, null);
    }
    const others = [null, 'failed', 'slow', 'quick'] as const;
    expect(others.map((result) => takeAll(slots, 'a', String(result), result).length)).toEqual([1, 1, 4, 8]);
  });

  it('go by the result before the start until the first request', () => {
    const slots = new DeliverySlots(1);
    for (let i = 0; i < 5; i++) expect(slots.take(`a${i}`, `hung${i}`, 'hung')).toHaveLength(1);
    expect(slots.take('b', 'other', 'hung')).toEqual([]);
    slots.note('other', 'quick');
    expect(slots.take('b', 'other', 'hung')).toHaveLength(1);
  });

  it.each([
    ['new', null, 100],
    ['failed', 'failed', 10],
  ] as const)('are kept for quick webhooks, however many are %s', (_, result, count) => {
    const slots = new DeliverySlots(20);
    const taken = Array.from({ length: 200 }, (_, i) => slots.take(`seller${i}`, `webhook${i}`, result));
    expect([taken.flat().length, slots.take('a', 'quick', 'quick').length]).toEqual([count, 8]);
  });

  it('are kept for quick webhooks when all others hang', () => {
    jest.useFakeTimers();
    const slots = new DeliverySlots(20);
    let taken = 0;
    for (let second = 0; second < 5; second++) {
      for (let i = 0; i < 200; i++) taken += slots.take(`seller${i}`, `${second}:${i}`, null).length;
      jest.advanceTimersByTime(1001);
    }
    expect([taken, slots.take('a', 'quick', 'quick').length]).toEqual([380, 8]);
    jest.useRealTimers();
  });

  it.each(['slow', 'hung'] as const)(
    'are there at once for a %s receiver beside 72 that hold them longer',
    (result) => {
      jest.useFakeTimers();
      const slots = new DeliverySlots(20);
      const back: [at: number, slot: Slot][] = [];
      const take = (seller: string, webhook: string, ms: number) => {
        const taken = slots.take(seller, webhook, result);
        for (const slot of taken) back.push([performance.now() + ms, slot]);
        return taken.length;
      };
      const waits: number[] = [];
      for (let tick = 0; tick < 600; tick++) {
        const isOver = ([at]: [number, Slot]) => at <= performance.now();
        for (const [, slot] of back.filter(isOver)) slots.giveBack(slot);
        back.splice(0, Infinity, ...back.filter((one) => !isOver(one)));
        for (let i = 0; i < 72; i++) take(`seller${i % 24}`, `webhook${i}`, 13_500);
        if (tick % 13 === 0 && take('brief', 'brief', 1300) === 0) waits.push(tick);
        jest.advanceTimersByTime(100);
      }
      expect(waits).toEqual([]);
      jest.useRealTimers();
    },
  );

  it('are refused to a seller that held many until it has held few for a while', () => {
    jest.useFakeTimers();
    const slots = new DeliverySlots(2);
    const take = (seller: string, webhook: number) => slots.take(seller, `${seller}${webhook}`, 'hung').length;
    const held = [0, 1].flatMap((webhook) => slots.take('a', `a${webhook}`, 'hung'));
    jest.advanceTimersByTime(120_000);
    for (const slot of held) slots.giveBack(slot);
    expect(['b', 'c', 'd', 'e'].map((seller) => take(seller, 0))).toEqual([1, 1, 1, 1]);
    expect([take('a', 0), take('f', 0)]).toEqual([0, 1]);
    jest.advanceTimersByTime(120_000);
    expect(take('a', 0)).toBe(1);
    jest.useRealTimers();
  });

  it('are all for one seller whose receivers are quick', () => {
    const slots = new DeliverySlots(20);
    for (const webhook of ['1', '2', '3', '4']) slots.note(webhook, 'quick');
    expect(['1', '2', '3', '4'].map((webhook) => slots.take('a', webhook, null).length)).toEqual([8, 8, 4, 0]);
  });

  it('are given back, also where there is only one', () => {
    const slots = new DeliverySlots(1);
    const [slot] = slots.take('a', '1', 'failed');
    expect(slots.take('b', '2', 'failed')).toEqual([]);
    if (slot) slots.giveBack(slot);
    expect(slots.take('b', '2', 'failed')).toHaveLength(1);
  });
});
