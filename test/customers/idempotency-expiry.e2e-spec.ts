import { randomUUID } from 'node:crypto';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import { useService } from '../support/service';

describe('An Idempotency-Key after 24 hours', () => {
  const service = useService();
  const keyed = () => ({ 'idempotency-key': randomUUID() });

  const age = (account: Account, hours: string) =>
    account.sql('UPDATE idempotency_records SET created_at = now() - $2::interval WHERE seller_id = $1', [
      account.seller.id,
      hours,
    ]);

  const recordsOf = (account: Account) =>
    account.sql('SELECT outcome, created_at FROM idempotency_records WHERE seller_id = $1', [account.seller.id]);

  it('still counts just before', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const options = { headers: keyed() };
    await account.patch(id, { first_name: 'Jane' }, options);
    await age(account, '23 hours 59 minutes');
    const { headers } = await account.patch(id, { first_name: 'Jane' }, options);
    expect([headers.get('idempotent-replayed'), headers.get('etag')]).toEqual(['true', '"2"']);
  });

  it('is free for the same request, which is carried out anew and then remembered', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const options = { headers: keyed() };
    await account.patch(id, { first_name: 'Jane' }, options);
    await account.patch(id, { first_name: 'Ann' });
    await age(account, '25 hours');
    const again = await account.patch(id, { first_name: 'Jane' }, options);
    expect([again.status, again.headers.get('etag')]).toEqual([200, '"4"']);
    expect(again.headers.get('idempotent-replayed')).toBeNull();
    const retry = await account.patch(id, { first_name: 'Jane' }, options);
    expect([retry.headers.get('idempotent-replayed'), retry.body]).toEqual(['true', again.body]);
    expect(await recordsOf(account)).toMatchObject([{ outcome: { status: 200, version: 4 } }]);
  });

  it('is free for another request', async () => {
    const account = await makeAccount(service);
    const send = (email: string, headers: Record<string, string>) =>
      account.call('POST', '/api/customers', { body: { first_name: 'J', last_name: 'D', email }, headers });
    const headers = keyed();
    await send(uniqueEmail(), headers);
    await age(account, '25 hours');
    const { status, headers: answered } = await send(uniqueEmail(), headers);
    expect([status, answered.get('idempotent-replayed')]).toEqual([201, null]);
    expect(await recordsOf(account)).toHaveLength(1);
  });

  it.each([false, true])('is free for a request that fails, in a bulk with atomic=%s', async (isAtomic) => {
    const account = await makeAccount(service);
    const path = `/api/customers?atomic=${isAtomic}`;
    const options = { body: { customers: [{ id: randomUUID(), first_name: 'Jane' }] }, headers: keyed() };
    const first = await account.call('PATCH', path, options);
    expect(first.status).toBe(isAtomic ? 404 : 200);
    await age(account, '25 hours');
    const again = await account.call('PATCH', path, options);
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect(again.headers.get('idempotent-replayed')).toBeNull();
    expect((await account.call('PATCH', path, options)).headers.get('idempotent-replayed')).toBe('true');
  });

  it.each([
    ['404', 404],
    ['409', 409],
    ['412', 412],
  ])('is free for one that fails with %s', async (_, status) => {
    const account = await makeAccount(service);
    const [one, other] = [await account.makeCustomer(), await account.makeCustomer()];
    const id = status === 404 ? randomUUID() : one.id;
    const headers = { ...keyed(), ...(status === 412 && { 'if-match': '"9"' }) };
    const send = () => account.patch(id, { email: other.email }, { headers });
    expect((await send()).status).toBe(status);
    await age(account, '25 hours');
    const again = await send();
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([status, null]);
    expect((await send()).headers.get('idempotent-replayed')).toBe('true');
  });
});
