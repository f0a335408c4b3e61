import { randomUUID } from 'node:crypto';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import type { Answer } from '../support/http';
import { useService } from '../support/service';

describe('A bulk with an Idempotency-Key', () => {
  const service = useService();

  async function expectReplay(
    account: Account,
    customers: object[],
    { query = '', meanwhile = async () => undefined as unknown } = {},
  ): Promise<Answer> {
    const options = { body: { customers }, headers: { 'idempotency-key': randomUUID() } };
    const first = await account.call('PATCH', `/api/customers${query}`, options);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    await meanwhile();
    const retry = await account.call('PATCH', `/api/customers${query}`, options);
    expect([retry.status, JSON.stringify(retry.body)]).toEqual([first.status, JSON.stringify(first.body)]);
    expect(retry.headers.get('idempotent-replayed')).toBe('true');
    return first;
  }

  it('is answered again with every result, whatever has changed since', async () => {
    const account = await makeAccount(service);
    const make = () => account.makeCustomer({ address_data: { country: 'Germany', city: 'Bonn' } });
    const [a, b, c, d] = [await make(), await make(), await make(), await make()];
    const changes = [
      { id: a.id, email: uniqueEmail(), address_data: { street: 'A 1' } },
      { id: b.id, email: a.email },
      { id: randomUUID(), first_name: 'Jane' },
      { id: c.id, email: d.email },
      { id: d.id, first_name: '' },
    ];
    const { body } = await expectReplay(account, changes, {
      meanwhile: async () => {
        await account.patch(a.id, { address_data: null, first_name: 'Ann' });
        await account.patch(b.id, { email: uniqueEmail() });
        await account.patch(d.id, { email: uniqueEmail() });
      },
    });
    expect(body.results.map(({ status }: any) => status)).toEqual([200, 200, 404, 409, 400]);
    expect((await account.row(a.id)).version).toBe(3);
    expect(await account.row(c.id)).toEqual({ ...c, version: 1 });
  });

  it('is answered again when all of it failed', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const changes = [{ id }, { id: randomUUID(), first_name: 'Jane' }];
    const { status, body } = await expectReplay(account, changes);
    expect([status, body.results.map(({ status }: any) => status)]).toEqual([200, [400, 404]]);
  });

  it('is answered again when what is not valid is of no customer of the seller', async () => {
    const account = await makeAccount(service);
    const stranger = await (await makeAccount(service)).makeCustomer();
    const { id } = await account.makeCustomer();
    const changes = [
      { id, first_name: 'Jane' },
      { id: randomUUID(), first_name: '' },
      { id: stranger.id, first_name: '' },
    ];
    const { status, body } = await expectReplay(account, changes);
    expect([status, body.results.map(({ status }: any) => status)]).toEqual([200, [200, 400, 400]]);
  });

  it.each([404, 409])('and atomic=true is answered again with its first failure, %i', async (expected) => {
    const account = await makeAccount(service);
    const [a, b, c] = [await account.makeCustomer(), await account.makeCustomer(), await account.makeCustomer()];
    const failing = expected === 404 ? { id: randomUUID(), first_name: 'Jane' } : { id: b.id, email: c.email };
    const { status } = await expectReplay(account, [{ id: a.id, first_name: 'Jane' }, failing], {
      query: '?atomic=true',
      meanwhile: () => account.patch(c.id, { email: uniqueEmail() }),
    });
    expect(status).toBe(expected);
    expect(await account.row(a.id)).toEqual({ ...a, version: 1 });
  });

  it('of which nothing is stored when it was refused as a whole can be sent rightly', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const headers = { 'idempotency-key': randomUUID() };
    const send = (customers: object[], query = '') =>
      account.call('PATCH', `/api/customers${query}`, { body: { customers }, headers });
    expect((await send([{ id }, { id }])).status).toBe(400);
    expect((await send([{ id, first_name: '' }], '?atomic=true')).status).toBe(400);
    const { status, headers: answered } = await send([{ id, first_name: 'Jane' }]);
    expect([status, answered.get('idempotent-replayed')]).toEqual([200, null]);
    expect((await account.row(id)).version).toBe(2);
  });
});
