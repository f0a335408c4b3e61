import { create, customer, patch, request, SELLER, snapshotOf } from '../../../test/support/write-plan';
import { customerKey } from '../customer.entity';
import { WritePlan } from './write-plan';
import type { Change, WriteRequest } from './write-request';

/** What is to be written for changes of customers a (active) and b (inactive). */
function writesOf(changes: Change[], options: Partial<WriteRequest> = {}) {
  const plan = new WritePlan(snapshotOf([customer('a'), customer('b', { status: 'inactive' })]));
  const whole = request(changes, options);
  const { results } = plan.add(whole, changes);
  return { plan, results, writes: plan.writes };
}

describe('What a plan writes', () => {
  it('tells the rows of new customers from those of changed ones', () => {
    const { writes, results } = writesOf([create('new@x.de'), patch('a', { first_name: 'Jane' })]);
    expect([...writes.rows.values()].map(({ op, base_version }) => [op, base_version])).toEqual([
      ['create', 0],
      ['update', 3],
    ]);
    expect(writes.history.map(({ type }) => type)).toEqual(['created', 'updated']);
    const created = results[0]?.customer;
    expect([...writes.rows.values()][0]?.customer).toBe(created);
  });

  it.each<[boolean, Change[]]>([
    [false, []],
    [false, [patch('a', { first_name: 'Jane' })]],
    [true, [patch('a', { email: 'new@x.de' })]],
    [true, [patch('a', { email: 'new@x.de' }), patch('b', { first_name: 'Jane' })]],
    [true, [create('new@x.de')]],
    [false, [create('b@x.de')]],
  ])('says whether the index of emails is concerned: %s', (expected, changes) => {
    expect(writesOf(changes).writes.setsEmails).toBe(expected);
  });

  it.each<[string[], Change]>([
    [['a'], patch('a', { status: 'inactive' })],
    [['a'], patch('a', { status: 'suspended', first_name: 'Jane' })],
    [[], patch('a', { first_name: 'Jane' })],
    [['b'], patch('b', { status: 'suspended' })],
    [[], patch('b', { status: 'active' })],
    [[], patch('b', { first_name: 'Jane' })],
  ])('ends the portal sessions of %j', (expected, change) => {
    expect(writesOf([change]).writes.deactivated.map(({ id }) => id)).toEqual(expected);
  });

  it('names with a deletion who makes it', () => {
    const { writes } = writesOf([{ type: 'delete', id: 'a' }]);
    expect(writes.deletions).toMatchObject([{ customer: { id: 'a' }, origin: { actor: { type: 'cli' } } }]);
  });

  it('is nothing for a refused change, and the outcome names the customer if there is one', () => {
    const { results, writes } = writesOf([
      { type: 'refuse', id: 'a', message: 'wrong' },
      { type: 'refuse', id: 'x', message: 'wrong' },
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual([
      { status: 400, id: 'a', code: 'invalid', message: 'wrong' },
      { status: 400, code: 'invalid', message: 'wrong' },
    ]);
    expect(writes.rows.size).toBe(0);
  });

  it('is nothing when If-None-Match is not met, which says nothing of older versions', () => {
    const { results } = writesOf([patch('a', {})], { ifNoneMatch: '*' });
    expect(results[0]?.outcome).toEqual({
      status: 412,
      code: 'if_none_match',
      id: 'a',
      version: 3,
      older: [],
    });
  });

  it('leaves the times of versions that were not written', () => {
    const { writes, results } = writesOf([patch('a', { first_name: 'Jane' }), patch('b', { first_name: 'Jane' })]);
    const before = results[1]?.customer?.updated_at;
    writes.setTimes(new Map([[customerKey(SELLER, 'a'), new Date(2)]]));
    expect(results[0]?.customer?.updated_at).toEqual(new Date(2));
    expect(results[1]?.customer?.updated_at).toBe(before);
    expect(before).toBeInstanceOf(Date);
  });

  it('is one record for all outcomes of a bulk, which depends on no single row', () => {
    const idempotency = { key: 'k', method: 'PATCH', path: '/', fingerprint: Buffer.from('same') };
    const whole = request([patch('a', { first_name: 'Jane' }), patch('x', {}), create('b@x.de')], { idempotency });
    const { plan, results } = writesOf(whole.changes, whole);
    plan.storeReplay(whole, { results, isBulk: true, isReplay: false });
    expect(plan.writes.records).toMatchObject([
      { customer_id: null, outcome: [{ status: 200, id: 'a', version: 4 }, { status: 404 }, { status: 409 }] },
    ]);
  });
});
