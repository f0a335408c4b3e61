import { ROOT_CONTEXT } from '@opentelemetry/api';
import { FairQueue } from '../../database/fair/fair-queue';
import { COMMAND_LINE } from '../../http/caller';
import { newCustomer } from '../merge';
import { MAX_BATCH, type QueuedRequest, schedule, type ScheduleState, toQueueEntry, toSeparateEntry } from './schedule';
import type { Change, WriteRequest } from './write-request';

const rest = { arrivedAt: 0, trace: ROOT_CONTEXT, resolve: () => undefined, reject: () => undefined };

function request(sellerId: string, change: Change, options: Partial<WriteRequest> = {}): QueuedRequest {
  return toQueueEntry({ origin: COMMAND_LINE, sellerId, changes: [change], ...options }, rest);
}

const patch = (id: string, patch = {}, sellerId = 'seller') => request(sellerId, { type: 'patch', id, patch });
const rename = (id: string) => patch(id, { first_name: 'Jane' });
const setEmail = (id: string, email: string) => patch(id, { email });
const suspend = (id: string) => patch(id, { status: 'suspended' });
const create = (email: string) =>
  request('seller', {
    type: 'create',
    customer: newCustomer('seller', { first_name: 'Jane', last_name: 'Doe', email }, 'api'),
  });

/** Chooses among requests in this order. By default all batches and slots are free. */
function choose(requests: QueuedRequest[], state: Partial<ScheduleState> = {}) {
  const queue = new FairQueue<QueuedRequest>(1000);
  for (const entry of requests) queue.add(entry.request.sellerId, entry);
  const chosen = schedule(queue, {
    busyKeys: new Set(),
    canStartBatch: { plain: true, email: true },
    takeSlot: () => true,
    isExpired: () => false,
    ...state,
  });
  const indexes = (entries: QueuedRequest[]) => entries.map((entry) => requests.indexOf(entry));
  const left: number[] = [];
  queue.walk((entry) => {
    left.push(requests.indexOf(entry));
    return 'take';
  });
  return {
    plain: indexes(chosen.batches.plain),
    email: indexes(chosen.batches.email),
    separate: indexes(chosen.separate),
    expired: indexes(chosen.expired),
    left,
  };
}

const NOTHING = { plain: [], email: [], separate: [], expired: [], left: [] };

describe('The schedule of writes', () => {
  it('puts plain changes in one batch, and those that set an email in another', () => {
    const requests = [rename('a'), setEmail('b', 'b@x.de'), rename('c'), create('d@x.de')];
    expect(choose(requests)).toEqual({ ...NOTHING, plain: [0, 2], email: [1, 3] });
  });

  it('keeps changes of one customer in one batch, in their order', () => {
    expect(choose([rename('a'), rename('b'), rename('a')])).toEqual({ ...NOTHING, plain: [0, 1, 2] });
  });

  it('tells apart customers of two sellers that have the same id', () => {
    const requests = [patch('a', {}, 'one'), patch('a', { email: 'a@x.de' }, 'other')];
    expect(choose(requests)).toEqual({ ...NOTHING, plain: [0], email: [1] });
  });

  it('keeps back a change of a customer whose earlier change is in the other batch, and all that follow', () => {
    const requests = [setEmail('a', 'a@x.de'), rename('a'), setEmail('a', 'b@x.de'), rename('b')];
    expect(choose(requests)).toEqual({ ...NOTHING, email: [0], plain: [3], left: [1, 2] });
  });

  it('keeps back what changes a customer that is under way', () => {
    const busyKeys = new Set(['seller:a']);
    expect(choose([rename('a'), suspend('a'), rename('b')], { busyKeys })).toEqual({
      ...NOTHING,
      plain: [2],
      left: [0, 1],
    });
  });

  it('keeps back a batch that can not start, and what comes after it for its customers', () => {
    const requests = [rename('a'), setEmail('a', 'a@x.de'), setEmail('b', 'b@x.de')];
    const canStartBatch = { plain: false, email: true };
    expect(choose(requests, { canStartBatch })).toEqual({ ...NOTHING, email: [2], left: [0, 1] });
  });

  it('fills a batch up to its size, and keeps the order of those that find no place', () => {
    const requests = Array.from({ length: MAX_BATCH + 2 }, (_, i) => rename(`${i % (MAX_BATCH + 1)}`));
    const { plain, left } = choose(requests);
    expect([plain.length, left]).toEqual([MAX_BATCH, [MAX_BATCH, MAX_BATCH + 1]]);
  });

  it.each<[string, Partial<WriteRequest>, Change]>([
    ['a bulk', { isBulk: true }, { type: 'patch', id: 'a', patch: { first_name: 'Jane' } }],
    ['a dry run', { dryRun: true }, { type: 'patch', id: 'a', patch: { first_name: 'Jane' } }],
    ['a change that ends sessions', {}, { type: 'patch', id: 'a', patch: { status: 'inactive' } }],
    ['a revert', {}, { type: 'revert', id: 'a', version: 1 }],
    ['a deletion', {}, { type: 'delete', id: 'a' }],
  ])('runs %s in a transaction of its own, and lets nothing of its customer start beside it', (_, options, change) => {
    const requests = [request('seller', change, options), rename('a'), rename('b')];
    expect(choose(requests)).toEqual({ ...NOTHING, separate: [0], plain: [2], left: [1] });
  });

  it('runs a change that keeps or makes a customer active in a batch', () => {
    expect(choose([patch('a', { status: 'active' })])).toEqual({ ...NOTHING, plain: [0] });
  });

  it('lets one request at a time wait for an email in a transaction of its own, in whatever case it is written', () => {
    const requests = ['a', 'b', 'c'].map((id) =>
      toSeparateEntry(setEmail(id, id === 'b' ? 'E@x.de' : 'e@x.de'), false),
    );
    expect(choose(requests)).toEqual({ ...NOTHING, separate: [0], left: [1, 2] });
    expect(choose([...requests.slice(0, 1), toSeparateEntry(create('f@x.de'), false)])).toEqual({
      ...NOTHING,
      separate: [0, 1],
    });
  });

  it('takes a slot only for what can start, and keeps what finds none, with what follows for its customer', () => {
    const asked: QueuedRequest[] = [];
    const takeSlot = (entry: QueuedRequest) => asked.push(entry) < 2;
    const requests = [suspend('busy'), suspend('a'), suspend('b'), rename('b')];
    expect(choose(requests, { takeSlot, busyKeys: new Set(['seller:busy']) })).toEqual({
      ...NOTHING,
      separate: [1],
      left: [0, 2, 3],
    });
    expect(asked).toEqual([requests[1], requests[2]]);
  });

  it('drops what has expired, which keeps nothing back', () => {
    const requests = [suspend('a'), rename('a')];
    expect(choose(requests, { isExpired: (entry) => entry === requests[0] })).toEqual({
      ...NOTHING,
      expired: [0],
      plain: [1],
    });
  });

  it('takes sellers in turns', () => {
    const requests = Array.from({ length: MAX_BATCH + 10 }, (_, i) =>
      patch(`${i}`, {}, i < MAX_BATCH ? 'one' : 'other'),
    );
    const { plain } = choose(requests);
    expect(plain.filter((index) => index >= MAX_BATCH)).toHaveLength(10);
  });
});
