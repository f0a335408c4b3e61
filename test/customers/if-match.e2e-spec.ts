import { randomUUID } from 'node:crypto';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import type { Answer } from '../support/http';
import { useService } from '../support/service';

const CURRENT = 'Customer has changed: current version is 7';
const NO_STRONG_TAG = 'If-Match names no strong ETag; the current one is "7"';
const SINCE_5 = `${CURRENT}, changed since version 5: email, status`;

describe('If-Match', () => {
  const service = useService();

  /** A customer at version 7. */
  async function customerAt7() {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ address_data: { city: 'Bonn' } });
    for (const first_name of ['Two', 'Three', 'Four', 'Five']) await account.patch(id, { first_name });
    await account.patch(id, { status: 'inactive' });
    await account.patch(id, { email: uniqueEmail() });
    return { account, id };
  }

  const requests: [string, (account: Account, id: string, tag: string) => Promise<Answer>][] = [
    ['PATCH', (account, id, tag) => account.patch(id, { last_name: 'Roe' }, { headers: { 'if-match': tag } })],
    ['DELETE', (account, id, tag) => account.call('DELETE', `/api/customers/${id}`, { headers: { 'if-match': tag } })],
    [
      'revert',
      (account, id, tag) =>
        account.call('POST', `/api/customers/${id}/revert`, { body: { version: 1 }, headers: { 'if-match': tag } }),
    ],
  ];

  describe.each(requests)('on %s', (name, send) => {
    const success = name === 'DELETE' ? 204 : 200;

    it.each(['"7"', '"5","7"', '"5", "7" ,"99"', 'W/"7", "7"', '*', ' * ', ',"7",', '"a,b", "7"'])(
      'lets %s pass',
      async (tag) => {
        const { account, id } = await customerAt7();
        expect((await send(account, id, tag)).status).toBe(success);
      },
    );

    it.each([
      ['"5"', SINCE_5],
      ['"1", "5", W/"6", "99"', SINCE_5],
      ['"6"', `${CURRENT}, changed since version 6: email`],
      ['"1"', `${CURRENT}, changed since version 1: first_name, email, status`],
      ['"8"', CURRENT],
      ['"9999999999"', CURRENT],
      ['"99999999999999999999999"', CURRENT],
      ['"0"', CURRENT],
      ['W/"7"', NO_STRONG_TAG],
      ['W/"7", W/"5"', NO_STRONG_TAG],
      ['W/"7", "x"', CURRENT],
      ['w/"7"', NO_STRONG_TAG],
      ['7', NO_STRONG_TAG],
      ['"7', NO_STRONG_TAG],
      ["'7'", NO_STRONG_TAG],
      ['"07"', CURRENT],
      ['"+7"', CURRENT],
      ['"7 "', NO_STRONG_TAG],
      ['"7"x', NO_STRONG_TAG],
      ['""', CURRENT],
      ['"*"', CURRENT],
      ['', NO_STRONG_TAG],
      [',', NO_STRONG_TAG],
    ])('refuses %s', async (tag, message) => {
      const { account, id } = await customerAt7();
      const before = await account.row(id);
      const { status, headers, body } = await send(account, id, tag);
      expect([status, headers.get('etag'), body]).toEqual([412, null, { error: 'Precondition Failed', message }]);
      expect(await account.row(id)).toEqual(before);
    });

    it('does not know an unknown customer, whatever is asked', async () => {
      const { id } = await customerAt7();
      const stranger = await makeAccount(service);
      for (const unknown of [id, randomUUID()]) {
        for (const tag of ['"5"', '"7"', '*']) {
          const { status, body } = await send(stranger, unknown, tag);
          expect([status, body]).toEqual([404, { error: 'Not Found', message: 'Customer not found' }]);
        }
      }
    });

    it('lets one of two that know the same version go first, and the other not at all', async () => {
      const { account, id } = await customerAt7();
      const answers = await Promise.all([send(account, id, '"7"'), send(account, id, '"7"')]);
      expect(answers.map(({ status }) => status).sort()).toEqual([success, name === 'DELETE' ? 404 : 412]);
    });
  });

  it('names what has changed in the order of the members, each once', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    await account.patch(id, { postal_redirect_address: { city: 'Bonn' }, last_name: 'Roe' });
    await account.patch(id, { address_data: { city: 'Bonn' }, last_name: 'Doe' });
    await account.patch(id, { language: 'en', company_name: 'Acme', legal_entity: 'AG', last_name: 'Moe' });
    const { body } = await account.patch(id, { first_name: 'Jane' }, { headers: { 'if-match': '"1"' } });
    const members = 'last_name, company_name, legal_entity, language, address_data, postal_redirect_address';
    expect(body.message).toBe(`Customer has changed: current version is 4, changed since version 1: ${members}`);
  });

  it('knows nothing of versions from before the history of a customer', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    // As the migration that began the history left those who were there: at the version that they had.
    await account.sql('UPDATE customers SET version = 5 WHERE id = $1', [id]);
    await account.sql('UPDATE customer_history SET version = 5 WHERE customer_id = $1', [id]);
    await account.patch(id, { first_name: 'Jane' });
    const messageFor = async (tag: string) =>
      (await account.patch(id, { first_name: 'Ann' }, { headers: { 'if-match': tag } })).body.message;
    const current = 'Customer has changed: current version is 6';
    expect(await messageFor('"5"')).toBe(`${current}, changed since version 5: first_name`);
    expect(await messageFor('"2"')).toBe(current);
  });

  it('comes before the email, and before a change that changes nothing', async () => {
    const { account, id } = await customerAt7();
    const { email } = await account.makeCustomer();
    const stale = { headers: { 'if-match': '"6"' } };
    expect((await account.patch(id, { email }, stale)).status).toBe(412);
    expect((await account.patch(id, { first_name: 'Five' }, stale)).status).toBe(412);
    const fresh = { headers: { 'if-match': '"7"' } };
    const conflict = await account.patch(id, { email }, fresh);
    expect([conflict.status, conflict.headers.get('etag')]).toEqual([409, null]);
    const same = await account.patch(id, { first_name: 'Five' }, fresh);
    expect([same.status, same.headers.get('etag')]).toEqual([200, '"7"']);
  });

  it('comes after the body, which is refused first', async () => {
    const { account, id } = await customerAt7();
    const { status, body } = await account.patch(id, { first_name: '' }, { headers: { 'if-match': '"6"' } });
    expect([status, body.message]).toEqual([400, 'body/first_name must NOT have fewer than 1 characters']);
  });

  it('is told of in a problem document too', async () => {
    const { account, id } = await customerAt7();
    const headers = { 'if-match': '"5"', accept: 'application/problem+json' };
    const { status, body } = await account.patch(id, { first_name: 'Jane' }, { headers });
    expect(status).toBe(412);
    expect(body).toMatchObject({
      type: '/problems/precondition-failed',
      title: 'Precondition Failed',
      detail: SINCE_5,
    });
  });

  it.each([
    ['if-match', '"1"'],
    ['if-match', '*'],
    ['if-match', ''],
    ['if-match', 'x'],
    ['if-none-match', '"1"'],
    ['if-none-match', '*'],
  ])('%s: %s is refused with a bulk, before the body', async (name, tag) => {
    const { account, id } = await customerAt7();
    const before = await account.row(id);
    const headers = { [name]: tag };
    for (const body of [{ customers: [{ id, first_name: 'Jane' }] }, { customers: [] }]) {
      const answer = await account.call('PATCH', '/api/customers', { body, headers });
      const message = `headers/${name} must NOT be sent with a bulk update`;
      expect([answer.status, answer.body]).toEqual([400, { error: 'Bad Request', message }]);
    }
    const wrongQuery = await account.call('PATCH', '/api/customers?atomic=maybe', { body: {}, headers });
    expect(wrongQuery.body.message).toBe('querystring/atomic must be boolean');
    expect(await account.row(id)).toEqual(before);
  });

  it('means nothing where nothing is changed', async () => {
    const { account, id } = await customerAt7();
    const headers = { 'if-match': '"1"' };
    expect((await account.call('GET', `/api/customers/${id}`, { headers })).status).toBe(200);
    const body = { first_name: 'John', last_name: 'Doe', email: uniqueEmail() };
    expect((await account.call('POST', '/api/customers', { body, headers })).status).toBe(201);
  });
});
