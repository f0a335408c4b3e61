import { useServiceWithDatabase } from '../../support/database';
import { type Account, makeAccount } from '../../support/factories';
import { fillSnapshots, makeLongHistory } from '../../support/long-history';

const VERSIONS = 200;

const name = (version: number) => `Name ${version}`;

describe('A long history', () => {
  const service = useServiceWithDatabase();

  const makeOld = (account: Account, versions = VERSIONS, large = false) =>
    makeLongHistory(account, service.databaseUrl, { versions, large });

  async function expectEveryVersion(account: Account, id: string, versions: number[]) {
    for (const version of versions) {
      const { status, headers, body } = await account.call('GET', `/api/customers/${id}?version=${version}`);
      expect([version, status, headers.get('etag')]).toEqual([version, 200, `"${version}"`]);
      expect(body).toMatchObject({ first_name: name(version), company_name: 'Acme', legal_entity: null });
    }
  }

  const all = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

  it('knows every version, with snapshots and without', async () => {
    const account = await makeAccount(service);
    const id = await makeOld(account, VERSIONS, true);
    await expectEveryVersion(account, id, all(VERSIONS));
    const before = await account.call('GET', `/api/customers/${id}?version=100`);
    await fillSnapshots(service.databaseUrl);
    const snapshots = await account.sql(
      'SELECT version FROM customer_history WHERE customer_id = $1 AND snapshot IS NOT NULL ORDER BY version',
      [id],
    );
    expect(snapshots.map(({ version }) => version)).toEqual([32, 64, 96, 128, 160, 192]);
    await expectEveryVersion(account, id, all(VERSIONS));
    const after = await account.call('GET', `/api/customers/${id}?version=100`);
    expect(JSON.stringify(after.body)).toBe(JSON.stringify(before.body));
  });

  it('grows snapshots by itself, which hold what is null and what is an address', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ first_name: name(1), company_name: 'Acme' });
    for (let version = 2; version <= 70; version++) {
      const address_data = version % 3 ? { city: `City ${version}`, street: version % 2 ? null : 'A 1' } : null;
      await account.patch(id, { first_name: name(version), address_data });
    }
    const [count] = await account.sql(
      'SELECT count(snapshot)::int AS snapshots FROM customer_history WHERE customer_id = $1',
      [id],
    );
    expect(count?.snapshots).toBe(2);
    await expectEveryVersion(account, id, all(70));
    for (const [version, address] of [
      [31, { city: 'City 31' }],
      [32, { street: 'A 1', city: 'City 32' }],
      [33, null],
      [64, { street: 'A 1', city: 'City 64' }],
      [65, { city: 'City 65' }],
    ] as const) {
      const { body } = await account.call('GET', `/api/customers/${id}?version=${version}`);
      expect([version, body.address_data]).toEqual([version, address]);
    }
    const reverted = await account.call('POST', `/api/customers/${id}/revert`, { body: { version: 32 } });
    expect(reverted.body).toMatchObject({ first_name: name(32), address_data: { street: 'A 1', city: 'City 32' } });
  });

  it('still knows what an instance of the version before has written, which makes no snapshots', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ first_name: name(1), company_name: 'Acme' });
    for (let version = 2; version <= 100; version++) await account.patch(id, { first_name: name(version) });
    await account.sql('UPDATE customer_history SET snapshot = NULL WHERE customer_id = $1 AND version > 40', [id]);
    await expectEveryVersion(account, id, [1, 31, 32, 33, 63, 64, 65, 99, 100]);
  });

  it('tells who is far behind what is different, and what changed lately', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    await account.patch(id, { legal_entity: 'GmbH' });
    await account.patch(id, { legal_entity: null, company_name: 'Acme' });
    for (let i = 0; i < 60; i++) await account.patch(id, { first_name: `Name ${i}` });
    await account.patch(id, { language: 'en' });
    await account.patch(id, { language: 'de' });
    const stale = (tags: string) => account.patch(id, { first_name: 'New' }, { headers: { 'if-match': tags } });
    const changed = 'Customer has changed: current version is 65, changed since version';
    for (const [tags, since] of [
      ['"1"', '1: first_name, company_name, language'],
      ['"2"', '2: first_name, company_name, legal_entity, language'],
      ['"62"', '62: first_name, language'],
      ['"64"', '64: language'],
      ['"1", "64", "3"', '64: language'],
    ]) {
      const { status, body } = await stale(String(tags));
      expect([status, body.message]).toEqual([412, `${changed} ${since}`]);
    }
    expect((await stale('"66"')).body.message).toBe('Customer has changed: current version is 65');
  });

  it('comes in pages that are bounded in bytes, each entry once', async () => {
    const account = await makeAccount(service);
    const id = await makeOld(account, VERSIONS, true);
    const versions: number[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const path = `/api/customers/${id}/history?limit=100${cursor && `&cursor=${cursor}`}`;
      const { status, body } = await account.call('GET', path);
      expect(status).toBe(200);
      expect(body.data.length).toBeLessThan(60);
      expect(JSON.stringify(body).length).toBeLessThan(256 * 1024);
      versions.push(...body.data.map((entry: { version: number }) => entry.version));
      cursor = body.next_cursor;
    }
    expect(versions).toEqual(all(VERSIONS).reverse());
  });

  it('has the last page end without a cursor, also when that ends by its bytes', async () => {
    const account = await makeAccount(service);
    const id = await makeOld(account, 2, true);
    const [limited, whole] = [
      await account.call('GET', `/api/customers/${id}/history?limit=1`),
      await account.call('GET', `/api/customers/${id}/history?limit=2`),
    ];
    expect([limited.body.data.length, whole.body.data.length]).toEqual([1, 2]);
    expect(limited.body.next_cursor).not.toBeNull();
    expect(whole.body.next_cursor).toBeNull();
  });
});
