import { followEvents, waitForFeed } from '../support/events';
import { type Account, makeAccount } from '../support/factories';
import { useService } from '../support/service';

describe('GET /api/events', () => {
  const service = useService();
  let account: Account;

  beforeEach(async () => {
    account = await makeAccount(service);
  });

  async function page(query = '', from = account): Promise<any> {
    const { status, body } = await from.call('GET', `/api/events${query}`);
    expect(status).toBe(200);
    return body;
  }

  it('shows what happened, with the customer as it then was', async () => {
    const created = await account.makeCustomer({ address_data: { city: 'Berlin' } });
    const { id } = created;
    const updated = (await account.patch(id, { address_data: { street: 'Weg 1' }, status: 'inactive' })).body;
    const reverted = (await account.call('POST', `/api/customers/${id}/revert`, { body: { version: 1 } })).body;
    const events = await followEvents(account, 3);
    expect(events.map(({ type, version }) => [type, version])).toEqual([
      ['customer.created', 1],
      ['customer.updated', 2],
      ['customer.reverted', 3],
    ]);
    expect(events.map(({ customer }) => customer)).toEqual([created, updated, reverted]);
    const { body } = await account.call('GET', `/api/customers/${id}/history`);
    expect(
      events.map(({ changes, actor, request_id, created_at }) => ({ changes, actor, request_id, created_at })),
    ).toEqual(
      body.data
        .reverse()
        .map(({ changes, actor, request_id, created_at }: any) => ({ changes, actor, request_id, created_at })),
    );
    expect(Object.keys(events[0])).toEqual([
      'id',
      'type',
      'created_at',
      'customer_id',
      'version',
      'changes',
      'actor',
      'request_id',
      'customer',
    ]);
    expect(new Set(events.map((event) => event.id)).size).toBe(3);
    expect(await followEvents(account, 3)).toEqual(events);
  });

  it('keeps of a deleted customer that it was deleted, and nothing else', async () => {
    const [gone, other] = [await account.makeCustomer({ last_name: 'Vergessen' }), await account.makeCustomer()];
    await account.patch(gone.id, { first_name: 'Jane' });
    const before = await followEvents(account, 3);
    expect(before).toHaveLength(3);
    const { headers } = await account.call('DELETE', `/api/customers/${gone.id}`);
    const events = await followEvents(account, 2);
    expect(events).toEqual([
      expect.objectContaining({ type: 'customer.created', customer_id: other.id }),
      {
        id: expect.any(String),
        type: 'customer.deleted',
        created_at: expect.any(String),
        customer_id: gone.id,
        version: 2,
        changes: null,
        actor: { type: 'api_key', id: account.apiKey.id, name: 'Test' },
        request_id: headers.get('x-request-id'),
        customer: null,
      },
    ]);
  });

  it('goes on after each page, and from a cursor of now', async () => {
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push((await account.makeCustomer()).id);
    const { next_cursor: now, data, has_more } = await page('?after=latest');
    expect([data, has_more]).toEqual([[], false]);
    const all = await followEvents(account, 5, 'limit=2');
    expect(all.map(({ customer_id }) => customer_id).sort()).toEqual(ids.sort());
    const { id } = await account.makeCustomer();
    await waitForFeed(account);
    const since = await page(`?after=${now}`);
    expect(since.data.map(({ customer_id }: any) => customer_id)).toContain(id);
    const { next_cursor: end } = await page('?limit=500');
    expect(await page(`?after=${end}`)).toMatchObject({ data: [], has_more: false });
  });

  it('can be confined to types and to a customer', async () => {
    const [one, two] = [await account.makeCustomer(), await account.makeCustomer()];
    await account.patch(one.id, { first_name: 'Ann' });
    await account.call('DELETE', `/api/customers/${two.id}`);
    const types = async (query: string, count: number) =>
      (await followEvents(account, count, query)).map(({ type }) => type);
    expect(await types('type=customer.deleted', 1)).toEqual(['customer.deleted']);
    expect(await types('type=customer.updated,customer.created', 2)).toEqual(['customer.created', 'customer.updated']);
    expect(await types(`customer_id=${one.id.toUpperCase()}`, 2)).toEqual(['customer.created', 'customer.updated']);
    expect(await types(`customer_id=${one.id}&limit=1`, 2)).toEqual(['customer.created', 'customer.updated']);
    expect(await types(`customer_id=${two.id}`, 1)).toEqual(['customer.deleted']);
  });

  it('shows a seller nothing of another', async () => {
    const other = await makeAccount(service);
    const { id } = await other.makeCustomer();
    await account.makeCustomer();
    expect((await followEvents(account, 1)).map(({ customer_id }) => customer_id)).not.toContain(id);
    expect(await page(`?customer_id=${id}`)).toMatchObject({ data: [], has_more: false });
  });

  it.each([
    ['after=nonsense', 'querystring/after must match format "cursor"'],
    ['after=MTo6MQ', 'querystring/after must match format "cursor"'],
    ['limit=0', 'querystring/limit must be >= 1'],
    ['limit=501', 'querystring/limit must be <= 500'],
    ['type=customer.created,customer.lost', 'querystring/type must be equal to one of the allowed values'],
    ['type=', 'querystring/type must be equal to one of the allowed values'],
    ['customer_id=7', 'querystring/customer_id must match format "uuid"'],
    ['before=x', 'querystring must NOT have additional properties'],
  ])('refuses ?%s', async (query, message) => {
    expect(await account.call('GET', `/api/events?${query}`)).toMatchObject({
      status: 400,
      body: { error: 'Bad Request', message },
    });
  });
});
