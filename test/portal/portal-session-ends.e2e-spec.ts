import { Client } from 'pg';
import { makeAccount } from '../support/factories';
import { request } from '../support/http';
import { makeSession, readSession } from '../support/portal';
import { useService } from '../support/service';

describe('A portal session', () => {
  const service = useService();

  async function session() {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { body } = await makeSession(account, id);
    return { account, id, token: body.token as string };
  }

  const statusOf = async (token: string) => (await readSession(service, token)).status;

  it.each(['suspended', 'inactive'])('ends for good when its customer becomes %s', async (status) => {
    const { account, id, token } = await session();
    const second = (await makeSession(account, id)).body.token;
    const bystander = (await makeSession(account, (await account.makeCustomer()).id)).body.token;
    expect((await account.patch(id, { status, first_name: 'Jane' })).body).toMatchObject({
      status,
      first_name: 'Jane',
    });
    expect([await statusOf(token), await statusOf(second)]).toEqual([401, 401]);
    await account.patch(id, { status: 'active' });
    expect([await statusOf(token), await statusOf(second)]).toEqual([401, 401]);
    expect(await statusOf((await makeSession(account, id)).body.token)).toBe(200);
    expect(await statusOf(bystander)).toBe(200);
  });

  it('ends when its customer is deleted', async () => {
    const { account, id, token } = await session();
    await request('DELETE', `${service.url}/api/customers/${id}`, { key: account.key });
    expect(await statusOf(token)).toBe(401);
    expect(await account.sql('SELECT 1 FROM portal_sessions WHERE customer_id = $1', [id])).toEqual([]);
  });

  it('outlives every other change, and one that fails', async () => {
    const { account, id, token } = await session();
    const { email } = await account.makeCustomer();
    const changes = [{ status: 'active' }, { status: 'active', first_name: 'Jane' }, { language: 'en' }];
    for (const change of changes) expect((await account.patch(id, change)).status).toBe(200);
    expect((await account.patch(id, { status: 'suspended', email })).status).toBe(409);
    const stranger = await makeAccount(service);
    expect((await stranger.patch(id, { status: 'suspended' })).status).toBe(404);
    expect(await statusOf(token)).toBe(200);
  });

  it('ends by a change whatever else that holds, with the answer of any other', async () => {
    const { account, id, token } = await session();
    const change = { status: 'inactive', company_name: null, address_data: { city: 'Köln', street: null } };
    const { status, headers, body } = await account.patch(id.toUpperCase(), change);
    expect([status, headers.get('etag')]).toEqual([200, '"2"']);
    expect(await account.row(id)).toEqual({ ...body, address_data: { city: 'Köln' }, version: 2 });
    expect(await statusOf(token)).toBe(401);
    const again = await account.patch(id, change);
    expect([again.status, again.headers.get('etag'), again.body]).toEqual([200, '"2"', body]);
  });

  it('costs one statement to read, and other changes of a customer none', async () => {
    const { account, id, token } = await session();
    expect(await statementsOf(() => readSession(service, token))).toEqual(['SELECT']);
    expect(await statementsOf(() => account.patch(id, { first_name: 'Jane' }))).toEqual(['SELECT', 'WITH']);
    expect(await statementsOf(() => account.patch(id, { status: 'inactive' }))).toEqual([
      'SELECT',
      'BEGIN',
      'SELECT',
      'WITH',
      'COMMIT',
    ]);
  });
});

/** The first words of the statements that the database gets for it: not the note that a key was used, nor the feed's tick. */
async function statementsOf(action: () => Promise<unknown>): Promise<string[]> {
  const query = jest.spyOn(Client.prototype, 'query');
  try {
    await action();
    const texts = query.mock.calls.map(([sent]) => String((sent as { text?: string }).text ?? sent));
    return texts
      .filter((text) => !/SET last_used_at|INSERT INTO event_log_ticks|AS lag|DELETE FROM event_log_ticks/.test(text))
      .map((text) => text.trim().split(/\s/)[0] ?? '');
  } finally {
    query.mockRestore();
  }
}
