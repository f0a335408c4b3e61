import { customer, request, SELLER, snapshotOf, upsert } from '../../../test/support/write-plan';
import { customerKey } from '../customer.entity';
import { WritePlan } from './write-plan';
import { type Change, isFailure } from './write-request';
import type { WriteSnapshot } from './write-snapshot';

/** Plans upserts of one request; the outcomes are codes, or statuses and versions. */
function planOf(snapshot: WriteSnapshot, changes: Change[]) {
  const plan = new WritePlan(snapshot);
  const { results } = plan.add(request(changes), changes);
  const outcomes = results.map(({ outcome, customer }) => {
    return isFailure(outcome) ? outcome.code : `${outcome.status} v${customer?.version}`;
  });
  return { results, outcomes, writes: plan.writes };
}

describe('Upserts', () => {
  it('change the customer with the email, or else create one', () => {
    const planned = planOf(snapshotOf([customer('a')]), [
      upsert('A@x.de'),
      upsert('new@x.de'),
      upsert('NEW@x.de', { company_name: 'Acme' }),
    ]);
    expect(planned.outcomes).toEqual(['200 v4', '201 v1', '200 v2']);
    const rows = [...planned.writes.rows.values()];
    expect(rows.map(({ op, base_version, customer: { version } }) => [op, base_version, version])).toEqual([
      ['update', 3, 4],
      ['create', 0, 2],
    ]);
    expect(rows[1]?.customer).toMatchObject({ email: 'NEW@x.de', company_name: 'Acme', source: 'import' });
    expect(planned.writes.history.map(({ type, version }) => [type, version])).toEqual([
      ['updated', 4],
      ['created', 1],
      ['updated', 2],
    ]);
  });

  it('tell those that alter nothing', () => {
    const planned = planOf(snapshotOf([customer('a')]), [upsert('a@x.de', { first_name: 'John' }), upsert('a@x.de')]);
    expect(planned.results.map(({ isUnchanged }) => isUnchanged)).toEqual([true, undefined]);
  });

  it.each([
    ['unknown', 'new@x.de', '201 v1'],
    ['a', 'a@x.de', '200 v4'],
    ['a', 'new@x.de', 'other_email'],
    ['a', 'b@x.de', 'other_email'],
    ['locked', 'new@x.de', 'unavailable'],
    ['locked', 'a@x.de', 'unavailable'],
    ['a', 'locked@x.de', 'other_email'],
    [undefined, 'locked@x.de', 'unavailable'],
  ])('with the id %s and the email %s: %s', (id, email, outcome) => {
    const snapshot = snapshotOf(['a', 'b', 'locked'].map((name) => customer(name)));
    const key = customerKey(SELLER, 'locked');
    snapshot.customers.delete(key);
    const planned = planOf({ ...snapshot, lockBlocked: new Set([key]) }, [upsert(email, {}, id)]);
    expect(planned.outcomes).toEqual([outcome]);
    if (outcome === 'other_email') expect(planned.results[0]?.customer).toMatchObject({ id: 'a' });
  });

  it('keep to the limit of the seller', () => {
    const quotas = new Map([[SELLER, 1]]);
    const changes = ['new@x.de', 'a@x.de', 'other@x.de', 'new@x.de'].map((email, i) =>
      upsert(email, { company_name: `${i}` }),
    );
    expect(planOf(snapshotOf([customer('a')], { quotas }), changes).outcomes).toEqual([
      '201 v1',
      '200 v4',
      'limit_reached',
      '200 v2',
    ]);
  });
});
