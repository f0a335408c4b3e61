import { DeliverySlots } from './delivery-slots';

describe('The slots of deliveries', () => {
  it('are one for a webhook that is new, and eight for one that answers quickly', () => {
    const slots = new DeliverySlots(20);
    const [slot] = slots.take('a', 'webhook', false);
    expect(slots.take('a', 'other', false)).toHaveLength(1);
    slots.note('webhook', true, 1000);
    if (slot) slots.giveBack(slot);
    const eight = slots.take('a', 'webhook', false);
    expect(eight).toHaveLength(8);
    for (const one of eight.slice(3)) slots.giveBack(one);
    expect(slots.take('a', 'webhook', false)).toHaveLength(5);
  });

  it.each([
    ['failed', false, 1],
    ['took more than a second', true, 1001],
  ])('are one again for a webhook whose last delivery %s', (_, isSuccess, durationMs) => {
    const slots = new DeliverySlots(20);
    slots.note('webhook', true, 1);
    slots.note('webhook', isSuccess, durationMs);
    expect(slots.take('a', 'webhook', false)).toHaveLength(1);
  });

  it('leave slow receivers of other sellers some, whatever one seller takes', () => {
    const slots = new DeliverySlots(20);
    const take = (seller: string) => {
      const webhooks = Array.from({ length: 20 }, (_, i) => `${seller}${i}`);
      for (const webhook of webhooks) slots.note(webhook, true, 1001);
      return webhooks.flatMap((webhook) => slots.take(seller, webhook, false)).length;
    };
    expect([take('a'), take('b'), take('c'), take('d')]).toEqual([10, 5, 3, 1]);
  });

  it('are free for a webhook that is new, has failed or is quick, while the receivers of many sellers hang', () => {
    const slots = new DeliverySlots(20);
    for (let seller = 0; seller < 30; seller++) {
      slots.note(`slow${seller}`, false, 15_000);
      slots.take(`seller${seller}`, `slow${seller}`, false);
    }
    slots.note('failed', false, 5);
    slots.note('quick', true, 5);
    expect(['new', 'failed', 'quick'].map((webhook) => slots.take('a', webhook, false).length)).toEqual([1, 1, 8]);
  });

  it('are slow ones for a webhook that failed before the start, until its first request', () => {
    const slots = new DeliverySlots(2);
    expect(slots.take('a', 'failing', true)).toHaveLength(1);
    expect(slots.take('b', 'new', false)).toHaveLength(1);
    slots.note('failing', true, 5);
    expect(slots.take('a', 'failing', true)).toHaveLength(1);
  });

  it('are kept for quick webhooks, however many are new', () => {
    const slots = new DeliverySlots(20);
    const taken = Array.from({ length: 100 }, (_, i) => slots.take(`seller${i}`, `new${i}`, false));
    slots.note('quick', true, 5);
    expect([taken.flat().length, slots.take('a', 'quick', false).length]).toEqual([10, 8]);
  });

  it('are all for one seller whose receivers are quick', () => {
    const slots = new DeliverySlots(20);
    for (const webhook of ['1', '2', '3', '4']) slots.note(webhook, true, 1);
    expect(['1', '2', '3', '4'].map((webhook) => slots.take('a', webhook, false).length)).toEqual([8, 8, 4, 0]);
  });

  it('are given back, also where there is only one', () => {
    const slots = new DeliverySlots(1);
    const [slot] = slots.take('a', '1', false);
    expect(slots.take('b', '2', false)).toEqual([]);
    if (slot) slots.giveBack(slot);
    expect(slots.take('b', '2', false)).toHaveLength(1);
  });
});
