import { type Account, makeAccount } from '../support/factories';
import { request } from '../support/http';
import { useService } from '../support/service';

describe('GET /api/customers', () => {
  const service = useService();

  function list(account: Account, query: Record<string, string | number> = {}) {
    const search = new URLSearchParams(query as Record<string, string>);
    return request('GET', `${service.url}/api/customers?${search}`, { key: account.key });
  }

  const ids = (customers: { id: string }[]) => customers.map(({ id }) => id);

  async function pages(account: Account, query: Record<string, string | number>) {
    const found: { id: string }[][] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body }: { status: number; body: any } = await list(account, {
        ...query,
        ...(cursor && { cursor }),
      });
      expect(status).toBe(200);
      found.push(body.data);
      cursor = body.next_cursor;
    }
    return found;
  }

  it('is empty at first', async () => {
    const { status, body } = await list(await makeAccount(service));
    expect([status, body]).toEqual([200, { data: [], next_cursor: null, as_of: expect.stringMatching(/Z$/) }]);
  });

  it('shows the seller’s own customers only, newest first, as they are', async () => {
    const [account, other] = [await makeAccount(service), await makeAccount(service)];
    const made = [];
    for (let i = 0; i < 3; i++) made.push(await account.makeCustomer());
    await other.makeCustomer();
    const { body } = await list(account);
    expect(body.data).toEqual([...made].sort((a, b) => order(b).localeCompare(order(a))));
  });

  it('pages through all, each once, also where many were created in one moment', async () => {
    const account = await makeAccount(service);
    await Promise.all(Array.from({ length: 25 }, () => account.makeCustomer()));
    await account.sql(`UPDATE customers SET created_at = '2024-01-15T10:30:00Z' WHERE seller_id = $1`, [
      account.seller.id,
    ]);
    const found = await pages(account, { limit: 7 });
    expect(found.map((page) => page.length)).toEqual([7, 7, 7, 4]);
    const all = ids(found.flat());
    expect(new Set(all).size).toBe(25);
    expect(all).toEqual([...all].sort().reverse());
    expect((await pages(account, { limit: 25 })).map((page) => page.length)).toEqual([25]);
    expect((await list(account)).body.data).toHaveLength(20);
  });

  it('is stable while customers come and go', async () => {
    const account = await makeAccount(service);
    const made = [];
    for (let i = 0; i < 10; i++) made.push(await account.makeCustomer());
    const expected = ids([...made].sort((a, b) => order(b).localeCompare(order(a))));
    const first = await list(account, { limit: 4 });
    await account.makeCustomer();
    for (const id of [expected[3], expected[5]]) {
      await request('DELETE', `${service.url}/api/customers/${id}`, { key: account.key });
    }
    await account.patch(expected[6] ?? '', { first_name: 'Changed' });
    const rest = await list(account, { limit: 100, cursor: first.body.next_cursor });
    expect(ids(first.body.data)).toEqual(expected.slice(0, 4));
    expect(ids(rest.body.data)).toEqual(expected.slice(4).filter((id) => id !== expected[5]));
  });

  it('filters by status, by email in any letter case, and by both', async () => {
    const account = await makeAccount(service);
    const [one, other] = [await account.makeCustomer(), await account.makeCustomer({ status: 'suspended' })];
    expect(ids((await list(account, { status: 'suspended' })).body.data)).toEqual([other.id]);
    expect(ids((await list(account, { email: one.email.toUpperCase() })).body.data)).toEqual([one.id]);
    expect((await list(account, { email: one.email, status: 'suspended' })).body.data).toEqual([]);
    expect((await list(account, { email: 'nobody@example.com' })).body.data).toEqual([]);
  });

  it('filters by the time of the last change, inclusively', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    await account.makeCustomer();
    await account.sql(`UPDATE customers SET updated_at = '2024-01-01T00:00:00Z' WHERE seller_id = $1`, [
      account.seller.id,
    ]);
    const { body } = await account.patch(id, { first_name: 'Jane' });
    const since = async (moment: string) => ids((await list(account, { updated_since: moment })).body.data);
    expect(await since(body.updated_at)).toEqual([id]);
    expect(await since(new Date(Date.parse(body.updated_at) + 1).toISOString())).toEqual([]);
    expect(await since('2024-01-01T01:00:00+01:00')).toHaveLength(2);
    expect(await since('0000-01-01T00:00:00Z')).toHaveLength(2);
    expect(await since('9999-12-31T23:59:59.999Z')).toEqual([]);
  });

  it('searches for a literal part of a name, company or email, in any letter case', async () => {
    const account = await makeAccount(service);
    const jane = await account.makeCustomer({
      first_name: 'Jane',
      last_name: 'Öztürk',
      email: `j%1_a${Date.now()}@x.de`,
    });
    const acme = await account.makeCustomer({ company_name: 'Acme \\ 100% GmbH' });
    const search = async (text: string) => ids((await list(account, { search: text })).body.data);
    expect(await search('ÖZT')).toEqual([jane.id]);
    expect(await search('ane özt')).toEqual([jane.id]);
    expect(await search('j%1_A')).toEqual([jane.id]);
    expect(await search('100%')).toEqual([acme.id]);
    expect(await search('E \\ 1')).toEqual([acme.id]);
    expect(await search('gmbh')).toEqual([acme.id]);
    for (const nothing of ['Jane%k', 'J_ne', 'Jane Öztürk Acme', '\\', '%%']) {
      expect([nothing, await search(nothing)]).toEqual([nothing, nothing === '\\' ? [acme.id] : []]);
    }
    expect(await search('\x1f')).toEqual([]);
    const everyone = await list(account, { search: 'DE', limit: 1 });
    expect(everyone.status).toBe(200);
  });

  it.each([
    ['limit=0', 'querystring/limit must be >= 1'],
    ['limit=101', 'querystring/limit must be <= 100'],
    ['limit=-5', 'querystring/limit must be >= 1'],
    ['limit=ten', 'querystring/limit must be integer'],
    ['limit=1.5', 'querystring/limit must be integer'],
    ['limit=', 'querystring/limit must be integer'],
    ['limit=1&limit=2', 'querystring/limit must be integer'],
    ['limit=99999999999999999999', 'querystring/limit must be <= 100'],
    ['cursor=x', 'querystring/cursor must match format "cursor"'],
    ['cursor=', 'querystring/cursor must match format "cursor"'],
    ['cursor=OTk5OTk5OTk5OTk5OTk5Ojk', 'querystring/cursor must match format "cursor"'],
    ['cursor=a&cursor=b', 'querystring/cursor must match format "cursor"'],
    ['updated_since=yesterday', 'querystring/updated_since must match format "date-time"'],
    ['updated_since=2024-01-01', 'querystring/updated_since must match format "date-time"'],
    ['updated_since=2024-02-30T00:00:00Z', 'querystring/updated_since must match format "date-time"'],
    ['status=deleted', 'querystring/status must be equal to one of the allowed values'],
    ['status=active&status=inactive', 'querystring/status must be equal to one of the allowed values'],
    ['search=', 'querystring/search must NOT have fewer than 1 characters'],
    [`search=${'x'.repeat(201)}`, 'querystring/search must NOT have more than 200 characters'],
    ['search=a%00b', 'querystring/search must be well-formed text'],
    ['email=a%00b', 'querystring/email must match format "email"'],
    ['email=a+b@x', 'querystring/email must match format "email"'],
    [`email=${'x'.repeat(243)}@example.com`, 'querystring/email must NOT have more than 254 characters'],
    ['search=a&search=b', 'querystring/search must be string'],
    ['dry_run=true', 'querystring must NOT have additional properties'],
    ['__proto__=x', 'querystring must NOT have additional properties'],
    ['page=2&limit=0', 'querystring must NOT have additional properties'],
  ])('refuses ?%s', async (query, message) => {
    const { key } = await makeAccount(service);
    const { status, body } = await request('GET', `${service.url}/api/customers?${query}`, { key });
    expect([status, body]).toEqual([400, { error: 'Bad Request', message }]);
  });
});

function order({ created_at, id }: { created_at: string; id: string }): string {
  return `${created_at} ${id}`;
}
