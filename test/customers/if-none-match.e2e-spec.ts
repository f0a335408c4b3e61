import { randomUUID } from 'node:crypto';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import type { Answer } from '../support/http';
import { useService } from '../support/service';

const MATCHES = { error: 'Precondition Failed', message: 'If-None-Match matches the current version 3' };

describe('If-None-Match on a change', () => {
  const service = useService();

  async function customerAt3() {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    for (const first_name of ['Two', 'Three']) await account.patch(id, { first_name });
    return { account, id };
  }

  type Send = (account: Account, id: string, headers: Record<string, string>) => Promise<Answer>;
  const requests: [string, Send][] = [
    ['PATCH', (account, id, headers) => account.patch(id, { last_name: 'Roe' }, { headers })],
    ['DELETE', (account, id, headers) => account.call('DELETE', `/api/customers/${id}`, { headers })],
    [
      'revert',
      (account, id, headers) => account.call('POST', `/api/customers/${id}/revert`, { body: { version: 1 }, headers }),
    ],
  ];

  describe.each(requests)('%s', (name, send) => {
    it.each(['"3"', 'W/"3"', '"1", W/"3"', '*', ' * '])('is refused by %s', async (tag) => {
      const { account, id } = await customerAt3();
      const before = await account.row(id);
      const { status, headers, body } = await send(account, id, { 'if-none-match': tag });
      expect([status, headers.get('etag'), body]).toEqual([412, null, MATCHES]);
      expect(await account.row(id)).toEqual(before);
    });

    it.each(['"2"', 'W/"4", "x"', '3', '""', ''])('is let pass by %s', async (tag) => {
      const { account, id } = await customerAt3();
      expect((await send(account, id, { 'if-none-match': tag })).status).toBe(name === 'DELETE' ? 204 : 200);
    });

    it('answers to If-Match first', async () => {
      const { account, id } = await customerAt3();
      const stale = await send(account, id, { 'if-match': '"9"', 'if-none-match': '"3"' });
      expect(stale.body.message).toBe('Customer has changed: current version is 3');
      const fresh = await send(account, id, { 'if-match': '"3"', 'if-none-match': '"3"' });
      expect([fresh.status, fresh.body]).toEqual([412, MATCHES]);
    });

    it('does not know an unknown customer, whatever is asked', async () => {
      const { id } = await customerAt3();
      const stranger = await makeAccount(service);
      for (const unknown of [id, randomUUID()]) {
        for (const tag of ['"3"', '*']) {
          expect((await send(stranger, unknown, { 'if-none-match': tag })).status).toBe(404);
        }
      }
    });
  });

  it('is checked by a dry run, and before a change that changes nothing', async () => {
    const { account, id } = await customerAt3();
    const headers = { 'if-none-match': '"3"' };
    const dryRun = await account.call('PATCH', `/api/customers/${id}?dry_run=true`, {
      body: { last_name: 'X' },
      headers,
    });
    expect([dryRun.status, dryRun.body]).toEqual([412, MATCHES]);
    expect((await account.patch(id, { first_name: 'Three' }, { headers })).status).toBe(412);
  });

  it('has its answer replayed to a retry', async () => {
    const { account, id } = await customerAt3();
    for (const [header, tag, message] of [
      ['if-none-match', '*', MATCHES.message],
      ['if-match', 'W/"3"', 'If-Match names no strong ETag; the current one is "3"'],
    ] as const) {
      const headers = { [header]: tag, 'idempotency-key': randomUUID() };
      const answers = [];
      for (let i = 0; i < 2; i++) answers.push(await account.patch(id, { last_name: 'Roe' }, { headers }));
      expect(answers.map(({ status, body }) => [status, body.message])).toEqual([
        [412, message],
        [412, message],
      ]);
      expect(answers.map((answer) => answer.headers.get('idempotent-replayed'))).toEqual([null, 'true']);
    }
  });

  it('means nothing where a customer is created', async () => {
    const { account } = await customerAt3();
    const body = { first_name: 'John', last_name: 'Doe', email: uniqueEmail() };
    const { status } = await account.call('POST', '/api/customers', { body, headers: { 'if-none-match': '*' } });
    expect(status).toBe(201);
  });
});
