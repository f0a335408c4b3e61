import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { runSql, useServiceWithDatabase, withDatabase } from '../support/database';
import { Account, makeAccount, uniqueEmail } from '../support/factories';
import { type Answer, request } from '../support/http';
import { type Service, startService } from '../support/service';

const IN_PROGRESS = { error: 'Conflict', message: 'A request with this Idempotency-Key is still in progress' };
const REUSED = { error: 'Unprocessable Entity', message: 'Idempotency-Key was already used with a different request' };
const ONE_DAY = 24 * 60 * 60 * 1000;

const historyOf = (account: Account, id: string) =>
  account.sql('SELECT * FROM customer_history WHERE customer_id = $1 ORDER BY version', [id]);

describe('The statement that writes changes', () => {
  const service = useServiceWithDatabase({ databaseLockTimeoutMs: 10_000 });

  /** Runs a transaction by hand, until another session waits for one of its locks. */
  async function whileOneWaits(lock: [text: string, values?: unknown[]], rest: (client: Client) => Promise<unknown>) {
    const client = new Client(service.databaseUrl);
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query(...lock);
      await rest(client);
      await client.query('COMMIT');
    } finally {
      await client.end();
    }
  }

  async function untilOneWaits(): Promise<void> {
    const waiting = 'SELECT FROM pg_locks WHERE NOT granted';
    while ((await runSql(service.databaseUrl, waiting)).length === 0) await new Promise((done) => setTimeout(done, 10));
  }

  it('leaves out a customer whose version has changed since it was read, and then merges into the new one', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    let answer: Promise<Answer> | undefined;
    // The table can be read, so that the change is planned; and not written, so that its statement comes too late.
    await whileOneWaits(['LOCK TABLE customers IN SHARE MODE'], async (client) => {
      answer = account.patch(id, { last_name: 'Roe' });
      await untilOneWaits();
      // Without an entry in the history, whose primary key would notice the second change by itself.
      await client.query(`UPDATE customers SET first_name = 'Jane', version = version + 1 WHERE id = $1`, [id]);
    });
    expect(await answer).toMatchObject({ status: 200, body: { first_name: 'Jane', last_name: 'Roe' } });
    expect(await account.row(id)).toMatchObject({ first_name: 'Jane', last_name: 'Roe', version: 3 });
    expect((await historyOf(account, id)).map(({ version }) => version)).toEqual([1, 3]);
  });

  it.each<[string, (account: Account, id: string) => Promise<Answer>]>([
    ['a change', (account, id) => account.patch(id, { first_name: 'Jane' })],
    ['a change with a key', (account, id) => account.patch(id, { first_name: 'Jane' }, withKey(randomUUID()))],
    ['a bulk', (account, id) => patchAll(account, [{ id, first_name: 'Jane' }])],
    ['a revert', (account, id) => account.call('POST', `/api/customers/${id}/revert`, { body: { version: 1 } })],
  ])('never dates %s before the one before it, though the clock goes back', async (_, send) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    await account.patch(id, { last_name: 'Roe' });
    const ahead = new Date(Date.now() + ONE_DAY);
    await account.sql('UPDATE customers SET updated_at = $2 WHERE id = $1', [id, ahead]);
    const { status, body } = await send(account, id);
    expect([status, (body.results?.[0].customer ?? body).updated_at]).toEqual([200, ahead.toISOString()]);
    expect((await account.row(id)).updated_at).toBe(ahead.toISOString());
    expect((await historyOf(account, id)).at(-1)).toMatchObject({ version: 3, created_at: ahead });
  });

  it('never dates a deletion before the last change, though the clock goes back', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const ahead = new Date(Date.now() + ONE_DAY);
    await account.sql('UPDATE customers SET updated_at = $2 WHERE id = $1', [id, ahead]);
    expect((await account.call('DELETE', `/api/customers/${id}`)).status).toBe(204);
    const deletions = await account.sql('SELECT created_at FROM customer_deletions WHERE customer_id = $1', [id]);
    expect(deletions).toEqual([{ created_at: ahead }]);
  });

  it('lets a bulk free an email and take it again, whichever of the two emails sorts first', async () => {
    const account = await makeAccount(service);
    for (const [left, taken] of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const old = `${taken}-${uniqueEmail()}`;
      const leaving = await account.makeCustomer({ email: old });
      const taking = await account.makeCustomer();
      const { status, body } = await patchAll(account, [
        { id: leaving.id, email: `${left}-${uniqueEmail()}` },
        { id: taking.id, email: old.toUpperCase() },
      ]);
      expect([status, body.results.map((item: Answer) => item.status)]).toEqual([200, [200, 200]]);
      expect(await account.row(taking.id)).toMatchObject({ email: old.toUpperCase(), version: 2 });
    }
  });

  it('answers 409 to a request whose Idempotency-Key is in progress on this instance, and 422 to another request', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const options = withKey(randomUUID());
    const send = (first_name: string) => account.patch(id, { first_name }, options);
    let first: Promise<Answer> | undefined;
    await whileOneWaits(['SELECT FROM customers WHERE id = $1 FOR UPDATE', [id]], async () => {
      first = send('Jane');
      await untilOneWaits();
      expect(await send('Jane')).toMatchObject({ status: 409, body: IN_PROGRESS });
      expect(await send('Ann')).toMatchObject({ status: 422, body: REUSED });
    });
    const { status, body } = (await first) as Answer;
    expect([status, body.first_name]).toEqual([200, 'Jane']);
    const again = await send('Jane');
    expect([again.status, again.headers.get('idempotent-replayed'), again.body]).toEqual([200, 'true', body]);
    expect(await account.row(id)).toMatchObject({ version: 2 });
  });
});

describe('Batches of two instances', () => {
  it('take the same emails in the same order, so that they never wait for each other', () =>
    withDatabase(async (databaseUrl) => {
      // Before either gives up the wait for an email, PostgreSQL has counted the deadlock.
      await runSql(
        databaseUrl,
        `ALTER DATABASE ${new URL(databaseUrl).pathname.slice(1)} SET deadlock_timeout = '5ms'`,
      );
      const services = [await startService({ databaseUrl }), await startService({ databaseUrl })];
      try {
        const { seller, apiKey } = await makeAccount(services[0] as Service);
        const accounts = services.map((service) => new Account(service, seller, apiKey));
        for (let round = 0; round < 5; round++) {
          const emails = Array.from({ length: 40 }, () => uniqueEmail());
          const create = (account: Account, email: string) =>
            account.call('POST', '/api/customers', { body: { first_name: 'John', last_name: 'Doe', email } });
          const answers = await Promise.all(
            accounts.flatMap((account) => emails.reverse().map((email) => create(account, email))),
          );
          expect(answers.filter(({ status }) => status === 201)).toHaveLength(emails.length);
        }
      } finally {
        // A connection tells what it has counted when it ends.
        for (const { app } of services) await app.close();
      }
      await new Promise((done) => setTimeout(done, 500));
      const count = 'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()';
      expect(await runSql(databaseUrl, count)).toEqual([{ deadlocks: 0 }]);
    }));
});

function withKey(key: string) {
  return { headers: { 'idempotency-key': key } };
}

function patchAll({ service, key }: Account, customers: object[]): Promise<Answer> {
  return request('PATCH', `${service.url}/api/customers`, { key, body: { customers } });
}
