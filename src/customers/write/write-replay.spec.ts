import { create, customer, patch, request, SELLER, snapshotOf } from '../../../test/support/write-plan';
import { idempotencyKey, type Replay } from './idempotency.repository';
import { WritePlan } from './write-plan';
import type { Change, WriteRequest } from './write-request';

describe('A replay', () => {
  const idempotency = { key: 'k', method: 'PATCH', path: '/', fingerprint: Buffer.from('same') };
  const withReplay = (outcome: Replay['outcome'], fingerprint = idempotency.fingerprint) =>
    new WritePlan(
      snapshotOf([], { replays: new Map([[idempotencyKey(SELLER, idempotency), { fingerprint, outcome }]]) }),
    );
  const done = { status: 200, id: 'a', version: 4 } as const;

  it('gives the stored outcomes back: those of a bulk to a bulk', () => {
    const plan = withReplay([done, done]);
    const results = [{ outcome: done }, { outcome: done }];
    expect(plan.findReplay(request([], { idempotency, isBulk: true }))).toEqual({
      results,
      isBulk: true,
      isReplay: true,
    });
    expect(withReplay(done).findReplay(request([], { idempotency, isBulk: true }))).toMatchObject({ isBulk: false });
  });

  it('refuses another request with the same key', () => {
    const plan = withReplay(done, Buffer.from('other'));
    expect(plan.findReplay(request([], { idempotency }))).toEqual({
      results: [{ outcome: { status: 422, code: 'key_reused' } }],
      isBulk: false,
      isReplay: false,
    });
  });

  it.each<[string, Partial<WriteRequest>]>([
    ['without a key', {}],
    ['with another key', { idempotency: { ...idempotency, key: 'other' } }],
    ['of another seller', { idempotency, sellerId: 'other' }],
    ['that is a dry run', { idempotency, dryRun: true }],
  ])('has nothing for a request %s', (_, options) => {
    expect(withReplay(done).findReplay(request([], options))).toBeUndefined();
  });

  it('is stored for what the contract has replayed, with the customer on whose row it depends', () => {
    const stored = (change: Change, options: Partial<WriteRequest> = {}) => {
      const plan = new WritePlan(snapshotOf([customer('a')], { quotas: new Map([[SELLER, 0]]) }));
      const whole = request([change], { idempotency, ...options });
      const { results } = plan.add(whole, whole.changes);
      plan.storeReplay(whole, { results, isBulk: false, isReplay: false });
      return plan.writes.records.map(({ outcome, customer_id }) => ({ outcome, customer_id }));
    };
    expect(stored(patch('a', { first_name: 'Jane' }))).toEqual([{ outcome: done, customer_id: 'a' }]);
    expect(stored(patch('a', {}))).toEqual([{ outcome: { ...done, version: 3 }, customer_id: null }]);
    expect(stored(patch('b', {}))).toEqual([
      { outcome: { status: 404, code: 'not_found', message: 'Customer not found' }, customer_id: null },
    ]);
    expect(stored(patch('a', {}), { ifNoneMatch: '*' })).toMatchObject([
      { outcome: { status: 412, because: 'if_none_match' } },
    ]);
    expect(stored(create('b@x.de'))).toEqual([]);
    expect(stored(patch('a', {}), { dryRun: true })).toEqual([]);
    expect(stored(patch('a', {}), { idempotency: undefined })).toEqual([]);
  });
});
