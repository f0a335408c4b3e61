import { Client } from 'pg';
import { withDatabase } from '../support/database';
import { Account, makeAccount, uniqueEmail } from '../support/factories';
import { type Answer, request } from '../support/http';
import { type Service, startService } from '../support/service';

const CONFLICT = { error: 'Conflict', message: 'A customer with this email already exists' };

/** Any way to spell an email: case makes no difference. */
function spelt(email: string): string {
  return [...email].map((letter) => (Math.random() < 0.5 ? letter.toUpperCase() : letter)).join('');
}

/** One account on some instances that have a database of their own, in which nothing has ever deadlocked afterwards. */
async function withAccount(instances: number, use: (accounts: Account[], services: Service[]) => Promise<void>) {
  await withDatabase(async (databaseUrl) => {
    const services: Service[] = [];
    try {
      for (let i = 0; i < instances; i++) services.push(await startService({ databaseUrl }));
      const { seller, apiKey } = await makeAccount(services[0] as Service);
      const accounts = services.map((service) => new Account(service, seller, apiKey));
      await use(accounts, services);
    } finally {
      // What a connection has counted is known for sure only when it has ended.
      for (const { app } of services) await app.close();
    }
    expect(await deadlocks(databaseUrl)).toBe(0);
  });
}

async function deadlocks(databaseUrl: string): Promise<number> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    const others = `SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`;
    while ((await client.query(others)).rowCount) await new Promise((resolve) => setTimeout(resolve, 20));
    const { rows } = await client.query(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    return rows[0].deadlocks;
  } finally {
    await client.end();
  }
}

async function ownersOf(account: Account, email: string): Promise<Record<string, unknown>[]> {
  const owners = 'SELECT id, email FROM customers WHERE seller_id = $1 AND lower(email) = lower($2)';
  return account.sql(owners, [account.seller.id, email]);
}

/** Exactly one has the email, and was told so; the others were told that they have not. */
async function expectOneWinner(account: Account, email: string, success: number, answers: Answer[]) {
  const winners = answers.filter(({ status }) => status === success);
  const losers = answers.filter(({ status }) => status === 409);
  expect([winners.length, losers.length]).toEqual([1, answers.length - 1]);
  for (const { body } of losers) expect(body).toEqual(CONFLICT);
  const { id, email: own } = (winners[0] as Answer).body;
  expect(await ownersOf(account, email)).toEqual([{ id, email: own }]);
}

describe('An email that many want at once', () => {
  it.each([
    [200, 'one instance', 1],
    [60, 'two instances', 2],
  ])(
    'is given to exactly one of 50 customers, %i times, on %s',
    (rounds, _, instances) =>
      withAccount(instances, async (accounts) => {
        const [account] = accounts as [Account];
        const customers = await Promise.all(Array.from({ length: 50 }, () => account.makeCustomer()));
        for (let round = 0; round < rounds; round++) {
          const email = uniqueEmail();
          const answers = await Promise.all(
            customers.map(({ id }, i) => (accounts[i % instances] as Account).patch(id, { email: spelt(email) })),
          );
          await expectOneWinner(account, email, 200, answers);
        }
        const [{ versions, entries }] = (await account.sql(
          `SELECT (SELECT sum(version)::int FROM customers) AS versions,
                  (SELECT count(*)::int FROM customer_history) AS entries`,
        )) as [{ versions: number; entries: number }];
        expect([versions, entries]).toEqual([50 + rounds, 50 + rounds]);
      }),
    180_000,
  );

  it.each([
    [60, 'one instance', 1],
    [40, 'two instances', 2],
  ])(
    'is given to exactly one of 30 new customers, %i times, on %s',
    (rounds, _, instances) =>
      withAccount(instances, async (accounts) => {
        const [account] = accounts as [Account];
        for (let round = 0; round < rounds; round++) {
          const email = uniqueEmail();
          const body = () => ({ first_name: 'John', last_name: 'Doe', email: spelt(email) });
          const answers = await Promise.all(
            Array.from({ length: 30 }, (_, i) =>
              (accounts[i % instances] as Account).call('POST', '/api/customers', { body: body() }),
            ),
          );
          await expectOneWinner(account, email, 201, answers);
        }
        expect(await account.sql('SELECT count(*)::int FROM customers')).toEqual([{ count: rounds }]);
      }),
    120_000,
  );
});

describe('Emails that move around among customers', () => {
  it(
    'are never had by two, and each move that was acknowledged took place',
    () =>
      withAccount(2, async (accounts, services) => {
        const [account] = accounts as [Account];
        const pool = Array.from({ length: 30 }, () => uniqueEmail());
        const customers = await Promise.all(
          Array.from({ length: 20 }, (_, i) => account.makeCustomer({ email: pool[i] as string })),
        );
        const any = <T>(list: T[]) => list[Math.floor(Math.random() * list.length)] as T;
        const moves: { id: string; email: string; answer: Answer }[] = [];
        const move = async () => {
          const [{ id }, email] = [any(customers), spelt(any(pool))];
          const url = `${any(services).url}/api/customers/${id}`;
          moves.push({ id, email, answer: await request('PATCH', url, { key: account.key, body: { email } }) });
        };
        const client = async () => {
          for (let i = 0; i < 60; i++) await move();
        };
        await Promise.all(Array.from({ length: 40 }, client));
        const counts: Record<number, number> = {};
        for (const { answer } of moves) {
          counts[answer.status] = (counts[answer.status] ?? 0) + 1;
          if (answer.status === 503) expect(answer.headers.get('retry-after')).toBe('1');
        }
        process.stdout.write(`2,400 moves of emails on two instances: ${JSON.stringify(counts)}\n`);
        for (const status of Object.keys(counts)) expect(['200', '409', '503']).toContain(status);
        expect(counts[200]).toBeGreaterThan(100);
        const duplicates = 'SELECT lower(email) FROM customers GROUP BY lower(email) HAVING count(*) > 1';
        expect(await account.sql(duplicates)).toEqual([]);
        await expectInHistory(account, moves);
      }),
    120_000,
  );
});

/** Each 200 is an entry of its own, or said what the customer was anyway; and no other entry is there. */
async function expectInHistory(account: Account, moves: { id: string; email: string; answer: Answer }[]) {
  const entries = await account.sql('SELECT * FROM customer_history ORDER BY customer_id, version');
  const emails = new Map<string, string>();
  const requests = new Map<string, string>();
  for (const { customer_id, version, changes, request_id } of entries) {
    expect(changes.email.old).toBe(emails.get(`${customer_id} ${version - 1}`) ?? null);
    emails.set(`${customer_id} ${version}`, changes.email.new);
    requests.set(request_id, `${customer_id} ${version}`);
  }
  const told = moves.filter(({ answer }) => answer.status === 200);
  for (const { id, email, answer } of told) {
    const version = `${id} ${answer.headers.get('etag')?.replaceAll('"', '')}`;
    expect([answer.body.email, emails.get(version)]).toEqual([email, email]);
    const own = requests.get(String(answer.headers.get('x-request-id')));
    if (own !== undefined) expect(own).toBe(version);
  }
  const acknowledged = new Set(told.map(({ answer }) => answer.headers.get('x-request-id')));
  const silent = entries.filter(({ version, request_id }) => version > 1 && !acknowledged.has(request_id));
  expect(silent).toEqual([]);
  for (const { id, email, version } of await account.sql('SELECT id, email, version FROM customers')) {
    expect(emails.get(`${id} ${version}`)).toBe(email);
  }
}
