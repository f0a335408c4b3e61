import { randomUUID } from 'node:crypto';
import type { CustomerDto } from '../../src/customers/dto/customer.dto';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import type { RequestOptions } from '../support/http';
import { makeSession, readSession } from '../support/portal';
import { useService } from '../support/service';

const NOT_FOUND = { error: 'Not Found', message: 'Customer not found' };
const TAKEN = { error: 'Conflict', message: 'A customer with this email already exists' };

describe('Changes in one bulk', () => {
  const service = useService();

  const bulk = (account: Account, isAtomic: boolean, customers: object[], options: RequestOptions = {}) =>
    account.call('PATCH', `/api/customers?atomic=${isAtomic}`, { body: { customers }, ...options });

  async function makeThree() {
    const account = await makeAccount(service);
    const make = () => account.makeCustomer();
    const [a, b, c] = [await make(), await make(), await make()];
    return { account, a, b, c };
  }

  async function expectUntouched(account: Account, ...customers: CustomerDto[]): Promise<void> {
    for (const customer of customers) {
      expect(await account.row(customer.id)).toEqual({ ...customer, version: 1 });
      expect((await account.call('GET', `/api/customers/${customer.id}/history`)).body.data).toHaveLength(1);
    }
  }

  const statusesIn = ({ body }: { body: any }) => body.results.map(({ status }: any) => status);

  describe('with atomic=true', () => {
    it('all take effect', async () => {
      const { account, a, b } = await makeThree();
      const { status, body } = await bulk(account, true, [
        { id: b.id, first_name: 'Jane' },
        { id: a.id.toUpperCase(), first_name: 'Ann' },
      ]);
      expect(status).toBe(200);
      expect(body.results).toEqual([
        { id: b.id, status: 200, customer: { ...b, first_name: 'Jane', updated_at: expect.any(String) } },
        { id: a.id, status: 200, customer: { ...a, first_name: 'Ann', updated_at: expect.any(String) } },
      ]);
    });

    it('none does when one is of an unknown customer', async () => {
      const { account, a, b, c } = await makeThree();
      const stranger = await (await makeAccount(service)).makeCustomer();
      for (const id of [randomUUID(), stranger.id]) {
        const { status, body, headers } = await bulk(account, true, [
          { id: a.id, first_name: 'Jane' },
          { id, first_name: 'Jane' },
          { id: b.id, email: c.email },
        ]);
        expect([status, body, headers.get('etag')]).toEqual([404, NOT_FOUND, null]);
      }
      await expectUntouched(account, a, b, c);
    });

    it('none does when an email is taken, and the first failure is the answer', async () => {
      const { account, a, b, c } = await makeThree();
      const { token } = (await makeSession(account, a.id)).body;
      const { status, body } = await bulk(account, true, [
        { id: a.id, status: 'suspended' },
        { id: b.id, email: c.email },
        { id: randomUUID(), first_name: 'Jane' },
      ]);
      expect([status, body]).toEqual([409, TAKEN]);
      await expectUntouched(account, a, b, c);
      expect((await readSession(service, token)).status).toBe(200);
    });

    it('none does when one is not valid, and the message says which', async () => {
      const { account, a, b, c } = await makeThree();
      const { status, body } = await bulk(account, true, [
        { id: a.id, first_name: 'Jane' },
        { id: b.id, last_name: '' },
        { id: c.id },
      ]);
      const message = 'body/customers/1/last_name must NOT have fewer than 1 characters';
      expect([status, body]).toEqual([400, { error: 'Bad Request', message }]);
      await expectUntouched(account, a, b, c);
    });

    it('none does when a later one fails after an email was handed on', async () => {
      const { account, a, b, c } = await makeThree();
      const { status } = await bulk(account, true, [
        { id: a.id, email: uniqueEmail() },
        { id: b.id, email: a.email },
        { id: c.id, email: a.email },
      ]);
      expect(status).toBe(409);
      await expectUntouched(account, a, b, c);
    });
  });

  describe.each([false, true])('apply one after the other, with atomic=%s', (isAtomic) => {
    it('so that an email that one frees can be taken by the next', async () => {
      const { account, a, b, c } = await makeThree();
      const email = uniqueEmail();
      const answer = await bulk(account, isAtomic, [
        { id: a.id, email },
        { id: b.id, email: a.email.toUpperCase() },
        { id: c.id, email: b.email },
      ]);
      expect(statusesIn(answer)).toEqual([200, 200, 200]);
      expect(answer.body.results.map(({ customer }: any) => customer.email)).toEqual([
        email,
        a.email.toUpperCase(),
        b.email,
      ]);
      for (const { id, customer } of answer.body.results) {
        expect(await account.row(id)).toEqual({ ...customer, version: 2 });
        expect((await account.call('GET', `/api/customers/${id}/history`)).body.data).toHaveLength(2);
      }
    });

    it('so that an email that only a later one frees is taken', async () => {
      const { account, a, b, c } = await makeThree();
      const answer = await bulk(account, isAtomic, [
        { id: b.id, email: a.email },
        { id: a.id, email: uniqueEmail() },
      ]);
      if (isAtomic) expect([answer.status, answer.body]).toEqual([409, TAKEN]);
      else expect(statusesIn(answer)).toEqual([409, 200]);
      await expectUntouched(account, b, c, ...(isAtomic ? [a] : []));
    });

    it('so that two can’t swap their emails', async () => {
      const { account, a, b } = await makeThree();
      const answer = await bulk(account, isAtomic, [
        { id: a.id, email: b.email },
        { id: b.id, email: a.email },
      ]);
      if (isAtomic) expect([answer.status, answer.body]).toEqual([409, TAKEN]);
      else expect(statusesIn(answer)).toEqual([409, 409]);
      await expectUntouched(account, a, b);
    });

    it('so that only the first of two gets the same new email', async () => {
      const { account, a, b } = await makeThree();
      const email = uniqueEmail();
      const answer = await bulk(account, isAtomic, [
        { id: a.id, email },
        { id: b.id, email: email.toUpperCase() },
      ]);
      if (isAtomic) expect([answer.status, answer.body]).toEqual([409, TAKEN]);
      else expect(statusesIn(answer)).toEqual([200, 409]);
      await expectUntouched(account, b, ...(isAtomic ? [a] : []));
    });

    it('and again get the same answer by their Idempotency-Key', async () => {
      const { account, a, b } = await makeThree();
      const options = { headers: { 'idempotency-key': randomUUID() } };
      const changes = [
        { id: a.id, first_name: 'Jane' },
        { id: b.id, email: uniqueEmail() },
      ];
      const first = await bulk(account, isAtomic, changes, options);
      await account.patch(a.id, { first_name: 'Ann' });
      const retry = await bulk(account, isAtomic, changes, options);
      expect([retry.status, retry.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
      expect(JSON.stringify(retry.body)).toBe(JSON.stringify(first.body));
      expect(await account.row(a.id)).toMatchObject({ first_name: 'Ann', version: 3 });
      const other = await bulk(account, isAtomic, changes.slice(1), options);
      expect(other.status).toBe(422);
    });
  });
});
