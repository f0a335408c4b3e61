import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { withDatabase } from '../support/database';
import { Account, makeAccount, uniqueEmail } from '../support/factories';
import { type Answer, request } from '../support/http';
import { databaseUrl, type Service, startService, useService } from '../support/service';

const IN_PROGRESS = { error: 'Conflict', message: 'A request with this Idempotency-Key is still in progress' };
const REUSED = {
  error: 'Unprocessable Entity',
  message: 'Idempotency-Key was already used with a different request',
};

const withKey = (key: string) => ({ headers: { 'idempotency-key': key } });
const newCustomer = () => ({ first_name: 'John', last_name: 'Doe', email: uniqueEmail() });
const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

/** All are the same success, all but one of them as a replay, or were told that it is still in progress. */
function expectOneEffect(success: number, answers: Answer[]): Answer {
  const done = answers.filter(({ status }) => status === success);
  const early = answers.filter(({ status }) => status === 409);
  expect(answers.filter((answer) => !done.includes(answer) && !early.includes(answer))).toEqual([]);
  for (const { body } of early) expect(body).toEqual(IN_PROGRESS);
  const originals = done.filter(({ headers }) => !headers.has('idempotent-replayed'));
  expect(originals).toHaveLength(1);
  const [original] = originals as [Answer];
  for (const { headers, body } of done) {
    expect([headers.get('etag'), body]).toEqual([original.headers.get('etag'), original.body]);
  }
  return original;
}

const records = (account: Account) =>
  account.sql('SELECT * FROM idempotency_records WHERE seller_id = $1', [account.seller.id]);
const history = (account: Account) =>
  account.sql('SELECT * FROM customer_history WHERE seller_id = $1 AND version > 1', [account.seller.id]);
const customers = (account: Account) =>
  account.sql('SELECT * FROM customers WHERE seller_id = $1', [account.seller.id]);

describe('50 requests with one Idempotency-Key', () => {
  const one = useService();
  const other = useService();

  const onBoth = (account: Account) => [account, new Account(other, account.seller, account.apiKey)];
  const instances: [string, (account: Account) => Account[]][] = [
    ['one instance', (account) => [account]],
    ['two instances', onBoth],
  ];
  const spread = (accounts: Account[], send: (account: Account) => Promise<Answer>) =>
    Promise.all(times(50, (i) => send(accounts[i % accounts.length] as Account)));

  it.each(instances)('change a customer once, on %s', async (_, on) => {
    for (let round = 0; round < 10; round++) {
      const account = await makeAccount(one);
      const { id } = await account.makeCustomer();
      const options = withKey(randomUUID());
      const answers = await spread(on(account), (at) => at.patch(id, { first_name: 'Jane' }, options));
      const original = expectOneEffect(200, answers);
      expect(await history(account)).toMatchObject([
        { version: 2, request_id: original.headers.get('x-request-id'), changes: { first_name: { new: 'Jane' } } },
      ]);
      expect(await records(account)).toMatchObject([{ outcome: { status: 200, id, version: 2 } }]);
      for (const at of onBoth(account)) {
        const again = await at.patch(id, { first_name: 'Jane' }, options);
        expect([again.status, again.headers.get('idempotent-replayed'), again.body]).toEqual([
          200,
          'true',
          original.body,
        ]);
      }
    }
  });

  it.each(instances)('create one customer, on %s', async (_, on) => {
    for (let round = 0; round < 10; round++) {
      const account = await makeAccount(one);
      const options = { body: newCustomer(), ...withKey(randomUUID()) };
      const answers = await spread(on(account), (at) => at.call('POST', '/api/customers', options));
      const { body } = expectOneEffect(201, answers);
      expect(await customers(account)).toMatchObject([{ id: body.id, version: 1 }]);
      expect(await records(account)).toMatchObject([{ outcome: { status: 201, id: body.id, version: 1 } }]);
    }
  });

  it.each(instances)('carry out a bulk once, on %s', async (_, on) => {
    const account = await makeAccount(one);
    const made = await Promise.all(times(5, () => account.makeCustomer()));
    const body = { customers: made.map(({ id }) => ({ id, first_name: 'Jane' })) };
    const options = { body, ...withKey(randomUUID()) };
    const answers = await spread(on(account), (at) => at.call('PATCH', '/api/customers', options));
    const { body: bulk } = expectOneEffect(200, answers);
    expect(bulk.results.map((item: Answer) => item.status)).toEqual([200, 200, 200, 200, 200]);
    expect(await history(account)).toHaveLength(5);
    expect(await records(account)).toHaveLength(1);
  });

  it.each(instances)('remember one failure, on %s', async (_, on) => {
    const account = await makeAccount(one);
    const [{ id }, { email }] = [await account.makeCustomer(), await account.makeCustomer()];
    const options = withKey(randomUUID());
    const answers = await spread(on(account), (at) => at.patch(id, { email }, options));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([409]));
    expect(await records(account)).toMatchObject([{ outcome: { status: 409 } }]);
    expect(await history(account)).toEqual([]);
  });

  it.each(instances)('and different bodies let one of these through, on %s', async (_, on) => {
    for (let round = 0; round < 10; round++) {
      const account = await makeAccount(one);
      const bodies = times(5, newCustomer);
      const { headers } = withKey(randomUUID());
      const sent = times(50, (i) => bodies[i % bodies.length]);
      const accounts = on(account);
      const answers = await Promise.all(
        sent.map((body, i) =>
          (accounts[i % accounts.length] as Account).call('POST', '/api/customers', { body, headers }),
        ),
      );
      const [stored, ...rest] = await customers(account);
      expect(rest).toEqual([]);
      const isStored = (i: number) => sent[i]?.email === stored?.email;
      // On the other instance another body may have come first, and been in progress when this one came.
      const refused = answers.filter(({ status }, i) => status === 422 && !(isStored(i) && accounts.length === 1));
      const early = answers.filter(({ status }, i) => status === 409 && !isStored(i));
      const same = answers.filter((answer, i) => isStored(i) && !refused.includes(answer));
      expectOneEffect(201, same);
      for (const { body } of refused) expect(body).toEqual(REUSED);
      for (const { body } of early) expect(body).toEqual(IN_PROGRESS);
      expect(same.length + refused.length + early.length).toBe(50);
      expect(await records(account)).toHaveLength(1);
    }
  });

  it('are of their seller alone', async () => {
    const accounts = await Promise.all(times(10, () => makeAccount(one)));
    const options = { body: newCustomer(), ...withKey(randomUUID()) };
    const sent = accounts.flatMap((account) => times(5, (i) => ({ account: onBoth(account)[i % 2] as Account })));
    const answers = await Promise.all(sent.map(({ account }) => account.call('POST', '/api/customers', options)));
    const ids = accounts.map((_, i) => expectOneEffect(201, answers.slice(5 * i, 5 * i + 5)).body.id);
    expect(new Set(ids).size).toBe(10);
    for (const account of accounts) expect(await customers(account)).toHaveLength(1);
  });

  it('get the same answer on two instances though the customer takes the last room that the seller has', async () => {
    const account = await makeAccount(one);
    await account.sql('UPDATE sellers SET customer_limit = 1 WHERE id = $1', [account.seller.id]);
    const holder = new Client(databaseUrl());
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM sellers WHERE id = $1 FOR UPDATE', [account.seller.id]);
      const options = { key: account.key, body: newCustomer(), ...withKey(randomUUID()) };
      const racing = [one, other].map(({ url }) => request('POST', `${url}/api/customers`, options));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await holder.query('COMMIT');
      expectOneEffect(201, await Promise.all(racing));
      expect(await customers(account)).toHaveLength(1);
    } finally {
      await holder.end();
    }
  });

  it(
    'that change nothing never deadlock, on two instances',
    () =>
      withDatabase(async (url) => {
        // Longer than PostgreSQL takes to find a deadlock, and than a slow machine takes for those that go alone.
        const start = () => startService({ databaseUrl: url, databaseLockTimeoutMs: 10_000 });
        const services = [await start(), await start()];
        try {
          const account = await makeAccount(services[0] as Service);
          const made = await Promise.all(times(60, () => account.makeCustomer({ first_name: 'Jane' })));
          const ids = made.map(({ id }) => id);
          for (let round = 0; round < 40; round++) {
            const options = { key: account.key, body: { first_name: 'Jane' }, ...withKey(randomUUID()) };
            const send = ({ url }: Service, ids: string[]) =>
              ids.map((id) => request('PATCH', `${url}/api/customers/${id}`, options));
            const answers = await Promise.all(services.flatMap((service) => send(service, ids.reverse())));
            expect(answers.map(({ status }) => status)).toEqual(times(120, () => 200));
          }
          expect(await history(account)).toEqual([]);
          expect(await records(account)).toHaveLength(40 * 60);
        } finally {
          // A connection tells what it has counted when it ends.
          for (const { app } of services) await app.close();
        }
        expect(await deadlocks(url)).toBe(0);
      }),
    120_000,
  );
});

async function deadlocks(connectionString: string): Promise<number> {
  const client = new Client({ connectionString });
  await client.connect();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const query = 'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()';
  const { rows } = await client.query(query).finally(() => client.end());
  return rows[0].deadlocks;
}
