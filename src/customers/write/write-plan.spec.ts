import { create, customer, patch, request, SELLER, snapshotOf } from '../../../test/support/write-plan';
import { versionKey } from '../history/history.entity';
import { type Customer, customerKey, sellerEmailKey } from '../customer.entity';
import { fieldsOf } from '../merge';
import { WritePlan } from './write-plan';
import type { Change, ChangeOutcome, WriteRequest } from './write-request';
import type { WriteSnapshot } from './write-snapshot';

/** An outcome in a few words: its code or status, and its version. */
function short(outcome: ChangeOutcome): string {
  if ('code' in outcome) return outcome.code;
  return 'version' in outcome ? `${outcome.status} v${outcome.version}` : String(outcome.status);
}

/** Plans changes one after the other, as one request or as one each. */
function plan(snapshot: WriteSnapshot, changes: Change[], options: Partial<WriteRequest> = {}) {
  const plan = new WritePlan(snapshot);
  const { results, deferred } = plan.add(request(changes, options), changes);
  return { outcomes: results.map(({ outcome }) => short(outcome)), deferred: deferred.length, results, ...plan };
}

const versionsIn = ({ writes }: Pick<WritePlan, 'writes'>) =>
  [...writes.rows.values()].map(({ base_version, customer: { id, version } }) => [id, base_version, version]);

describe('A plan of writes', () => {
  it('makes one row of all changes of a customer, on the version that was read, with an entry for each', () => {
    const planned = plan(snapshotOf([customer('a')]), [
      patch('a', { first_name: 'Jane' }),
      patch('a', { address_data: { city: 'Bonn' } }),
    ]);
    expect([planned.outcomes, versionsIn(planned)]).toEqual([['200 v4', '200 v5'], [['a', 3, 5]]]);
    expect(planned.writes.rows.get('seller:a')?.customer).toMatchObject({
      first_name: 'Jane',
      address_data: { city: 'Bonn' },
    });
    expect(planned.writes.history.map(({ version, type, changes }) => [version, type, changes])).toEqual([
      [4, 'updated', { first_name: { old: 'John', new: 'Jane' } }],
      [5, 'updated', { address_data: { old: null, new: { city: 'Bonn' } } }],
    ]);
  });

  it('writes nothing for a change that alters nothing', () => {
    const planned = plan(snapshotOf([customer('a')]), [patch('a', { first_name: 'John', company_name: null })]);
    expect([planned.outcomes, versionsIn(planned), planned.writes.history]).toEqual([['200 v3'], [], []]);
  });

  it('carries out the good ones among which one is bad, wherever it stands', () => {
    const bad: [string, Change][] = [
      ['not_found', patch('unknown', { first_name: 'Jane' })],
      ['email_taken', patch('b', { email: 'C@x.de' })],
      ['invalid', { type: 'refuse', id: 'b', message: 'wrong' }],
      ['version_not_found', { type: 'revert', id: 'b', version: 9 }],
    ];
    for (const [code, change] of bad) {
      for (const position of [0, 1, 2]) {
        const changes = [patch('a', { first_name: 'Jane' }), patch('c', { first_name: 'Jane' })];
        const planned = plan(
          snapshotOf(['a', 'b', 'c'].map((id) => customer(id))),
          changes.toSpliced(position, 0, change),
        );
        expect(planned.outcomes).toEqual(['200 v4', '200 v4'].toSpliced(position, 0, code));
        expect(versionsIn(planned)).toEqual([
          ['a', 3, 4],
          ['c', 3, 4],
        ]);
      }
    }
  });

  it.each<[string, Change[], string[], number]>([
    ['is taken by another customer', [patch('a', { email: 'b@x.de' })], ['email_taken'], 0],
    ['is its own, in another letter case', [patch('a', { email: 'A@X.de' })], ['200 v4'], 0],
    [
      'is wanted by two',
      [patch('a', { email: 'new@x.de' }), patch('b', { email: 'NEW@x.de' })],
      ['200 v4', 'email_taken'],
      0,
    ],
    [
      'is wanted by a new customer',
      [patch('a', { email: 'new@x.de' }), create('new@x.de')],
      ['200 v4', 'email_taken'],
      0,
    ],
    [
      'is swapped',
      [patch('a', { email: 'b@x.de' }), patch('b', { email: 'a@x.de' })],
      ['email_taken', 'email_taken'],
      0,
    ],
    [
      'is freed before, and can be taken only once that is written',
      [patch('a', { email: 'new@x.de' }), patch('b', { email: 'A@x.de' }), patch('b', { first_name: 'Jane' })],
      ['200 v4'],
      2,
    ],
    ['is freed by a deletion', [{ type: 'delete', id: 'a' }, create('a@x.de')], ['204'], 1],
    [
      'is freed, and taken back by the same customer',
      [patch('a', { email: 'new@x.de' }), patch('a', { email: 'a@x.de' })],
      ['200 v4'],
      1,
    ],
  ])('decides on an email that %s', (_, changes, outcomes, deferred) => {
    const planned = plan(snapshotOf([customer('a'), customer('b')]), changes);
    expect([planned.outcomes, planned.deferred]).toEqual([outcomes, deferred]);
  });

  it('goes on, after it was written, with what it has left', () => {
    const changes = [
      patch('a', { email: 'new@x.de' }),
      patch('b', { email: 'A@x.de' }),
      patch('a', { email: 'b@x.de' }),
    ];
    const plan = new WritePlan(snapshotOf([customer('a'), customer('b')]));
    const outcomes = [];
    for (let deferred = changes; deferred.length > 0; plan.continueAfterWrite()) {
      const planned = plan.add(request(changes), deferred);
      outcomes.push([...planned.results.map(({ outcome }) => short(outcome)), versionsIn(plan)]);
      deferred = planned.deferred;
    }
    expect(outcomes).toEqual([
      ['200 v4', [['a', 3, 4]]],
      ['200 v4', [['b', 3, 4]]],
      ['200 v5', [['a', 4, 5]]],
    ]);
  });

  it('takes an email that an unchanged customer of another seller has', () => {
    const emailOwners = new Map([[sellerEmailKey('other', 'new@x.de'), 'x']]);
    const planned = plan(snapshotOf([customer('a')], { emailOwners }), [patch('a', { email: 'new@x.de' })]);
    expect(planned.outcomes).toEqual(['200 v4']);
  });

  describe('reverts', () => {
    const past = { ...fieldsOf(customer('a', { email: 'old@x.de', status: 'inactive' })) };
    const pastVersions = new Map([
      [versionKey({ id: 'a', version: 1 }), { id: 'a', version: 1, created_at: new Date(), members: past }],
      [
        versionKey({ id: 'a', version: 2 }),
        { id: 'a', version: 2, created_at: new Date(), members: fieldsOf(customer('a')) },
      ],
    ]);
    const revert = (version: number): Change => ({ type: 'revert', id: 'a', version });

    it.each<[number, string]>([
      [1, '200 v4'],
      [2, '200 v3'],
      [3, '200 v3'],
      [4, 'version_not_found'],
    ])('to version %i: %s', (version, outcome) => {
      expect(plan(snapshotOf([customer('a')], { pastVersions }), [revert(version)]).outcomes).toEqual([outcome]);
    });

    it('as a new version, with an entry of its own type, and ends sessions', () => {
      const { writes } = plan(snapshotOf([customer('a')], { pastVersions }), [revert(1)]);
      expect(writes.history).toMatchObject([
        {
          version: 4,
          type: 'reverted',
          changes: { email: { old: 'a@x.de', new: 'old@x.de' }, status: { old: 'active', new: 'inactive' } },
        },
      ]);
      expect(writes.deactivated.map(({ id }) => id)).toEqual(['a']);
    });

    it('not to an email that another customer has by now', () => {
      const customers = [customer('a'), customer('b', { email: 'OLD@x.de' })];
      expect(plan(snapshotOf(customers, { pastVersions }), [revert(1)]).outcomes).toEqual(['email_taken']);
    });
  });

  it.each<[string, Partial<WriteRequest>, string | object]>([
    ['If-Match with the version', { ifMatch: [3] }, '200 v4'],
    ['If-Match with one of several', { ifMatch: [1, 3] }, '200 v4'],
    ['If-Match: *', { ifMatch: '*' }, '200 v4'],
    [
      'If-Match with others',
      { ifMatch: [1, 2, 7] },
      { code: 'version_mismatch', status: 412, version: 3, older: [1, 2] },
    ],
    [
      'If-Match with none that is strong',
      { ifMatch: 'no strong tag' },
      { code: 'no_strong_tag', status: 412, version: 3 },
    ],
    ['If-None-Match with another', { ifNoneMatch: '"2"' }, '200 v4'],
    ['If-None-Match with the version', { ifNoneMatch: 'W/"3"' }, { code: 'if_none_match', status: 412, version: 3 }],
    ['both, If-Match first', { ifMatch: [2], ifNoneMatch: '*' }, { code: 'version_mismatch' }],
  ])('honours %s, for a change and a deletion', (_, options, expected) => {
    const changed = plan(snapshotOf([customer('a')]), [patch('a', { first_name: 'Jane' })], options);
    const deleted = plan(snapshotOf([customer('a')]), [{ type: 'delete', id: 'a' }], options);
    if (typeof expected === 'string') {
      expect([changed.outcomes, deleted.outcomes]).toEqual([[expected], ['204']]);
    } else {
      expect(changed.results).toMatchObject([{ outcome: { id: 'a', ...expected } }]);
      expect(deleted.results).toEqual(changed.results);
      expect([versionsIn(changed), deleted.writes.deletions]).toEqual([[], []]);
    }
  });

  it('checks a precondition on what an earlier change has left', () => {
    const changes = [patch('a', { first_name: 'Jane' }), patch('a', { first_name: 'Ann' })];
    expect(plan(snapshotOf([customer('a')]), changes, { ifMatch: [3] }).outcomes).toEqual([
      '200 v4',
      'version_mismatch',
    ]);
  });

  it.each<[string, Map<string, number | 'uncounted'>, string[], number]>([
    ['has no limit', new Map(), ['201 v1', '201 v1'], 0],
    ['has room for one', new Map([[SELLER, 1]]), ['201 v1', 'limit_reached'], 0],
    ['has none left', new Map([[SELLER, 0]]), ['limit_reached', 'limit_reached'], 0],
    ['has a limit that is not counted yet', new Map([[SELLER, 'uncounted']]), [], 2],
    ['is not the one with the limit', new Map([['other', 0]]), ['201 v1', '201 v1'], 0],
  ])('creates customers of a seller who %s', (_, quotas, outcomes, deferred) => {
    const planned = plan(snapshotOf([], { quotas }), [create('a@x.de'), create('b@x.de')]);
    expect([planned.outcomes, planned.deferred]).toEqual([outcomes, deferred]);
  });

  it('takes nothing off the limit for a customer who is not created', () => {
    const snapshot = snapshotOf([customer('a')], { quotas: new Map([[SELLER, 1]]) });
    expect(plan(snapshot, [create('a@x.de'), create('b@x.de')]).outcomes).toEqual(['email_taken', '201 v1']);
  });

  it('tells a customer whose row others hold from one who is unknown', () => {
    const snapshot = snapshotOf([], { lockBlocked: new Set([customerKey(SELLER, 'a')]) });
    expect(plan(snapshot, [patch('a', {}), patch('b', {})]).results.map(({ outcome }) => outcome)).toEqual([
      { status: 503, code: 'unavailable', id: 'a' },
      { status: 404, code: 'not_found' },
    ]);
  });

  it('dates versions by what was written, and the creation of new ones', () => {
    const changes = [patch('a', { first_name: 'Jane' }), create('b@x.de')];
    const { writes, results } = plan(snapshotOf([customer('a')]), changes);
    const time = new Date(2);
    const created = results[1]?.customer as Customer;
    writes.setTimes(
      new Map([
        ['seller:a', time],
        [customerKey(SELLER, created.id), time],
      ]),
    );
    expect(results[0]?.customer?.updated_at).toBe(time);
    expect(results[0]?.customer?.created_at).not.toBe(time);
    expect([created.created_at, created.updated_at]).toEqual([time, time]);
  });
});
