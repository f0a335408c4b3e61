import { DataSource } from 'typeorm';
import { Account, makeAccount } from '../support/factories';
import { type Answer, request } from '../support/http';
import { makeSession, readSession } from '../support/portal';
import { type Service, useService } from '../support/service';

const ROUNDS = 100;
const INACTIVE = ['suspended', 'inactive'];

describe('Portal sessions that are made while their customer is deactivated', () => {
  const one = useService();
  const other = useService();

  const onOther = (account: Account) => new Account(other, account.seller, account.apiKey);

  /** Every one of them is dead, on both instances. */
  async function expectAllRefused(answers: Answer[]) {
    const tokens = answers.filter(({ status }) => status === 201).map(({ body }) => body.token as string);
    const reads = tokens.flatMap((token) => [readSession(one, token), readSession(other, token)]);
    for (const { status } of await Promise.all(reads)) expect(status).toBe(401);
  }

  it('never survive, on two instances', async () => {
    const account = await makeAccount(one);
    const elsewhere = onOther(account);
    const seen = { 201: 0, 403: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const { id } = await account.makeCustomer();
      const change = { status: INACTIVE[round % 2] };
      const make = (i: number) => makeSession(account, id, i % 2 ? one : other);
      const before = await make(0);
      const racing = [1, 2].map(make);
      const suspended = (round % 4 < 2 ? account : elsewhere).patch(id, change);
      racing.push(...[3, 4].map(make));
      expect((await suspended).status).toBe(200);
      const made = [before, ...(await Promise.all(racing)), await make(5)];
      for (const { status } of made) seen[status as keyof typeof seen]++;
      expect(await liveSessions(account, id)).toBe(0);
      await expectAllRefused(made);
      await account.patch(id, { status: 'active' });
      await expectAllRefused(made);
    }
    expect(seen[201] + seen[403]).toBe(6 * ROUNDS);
    expect(Math.min(seen[201], seen[403])).toBeGreaterThanOrEqual(ROUNDS);
  }, 120_000);

  it('never survive a deletion', async () => {
    const account = await makeAccount(one);
    for (let round = 0; round < 30; round++) {
      const { id } = await account.makeCustomer();
      const make = (i: number) => makeSession(account, id, i % 2 ? one : other);
      const url = `${other.url}/api/customers/${id}`;
      const before = [0, 1].map(make);
      const deleted = request('DELETE', url, { key: account.key });
      const made = await Promise.all([...before, ...[2, 3].map(make)]);
      expect((await deleted).status).toBe(204);
      for (const { status } of made) expect([201, 404]).toContain(status);
      expect(await liveSessions(account, id)).toBe(0);
      await expectAllRefused(made);
    }
  }, 60_000);

  it('end with a deactivation that waits for them', () =>
    withLockedCustomer(one, async (account, id, lock) => {
      const made = makeSession(account, id);
      await lock.isWaitedForBy(1);
      const suspended = onOther(account).patch(id, { status: 'suspended' });
      await lock.isWaitedForBy(2);
      await lock.release();
      expect([(await made).status, (await suspended).status]).toEqual([201, 200]);
      expect(await liveSessions(account, id)).toBe(0);
      await expectAllRefused([await made]);
    }));

  it('are refused after a deactivation that they wait for', () =>
    withLockedCustomer(one, async (account, id, lock) => {
      const suspended = onOther(account).patch(id, { status: 'suspended' });
      await lock.isWaitedForBy(1);
      // The first attempt gives up after 100 ms. The second one queues again, and then waits for as long as it may.
      await new Promise((resolve) => setTimeout(resolve, 200));
      await lock.isWaitedForBy(1);
      const made = makeSession(account, id);
      await lock.isWaitedForBy(2);
      await lock.release();
      expect([(await suspended).status, (await made).status]).toEqual([200, 403]);
      expect((await made).body.message).toBe('Customer is suspended and cannot log in to the portal');
    }));

  it('do not keep a deactivation waiting, however many are made, nor deadlock on those that have expired', async () => {
    const account = await makeAccount(one);
    const { id } = await account.makeCustomer();
    let isOver = false;
    const made: Answer[] = [];
    const client = async (_: unknown, i: number) => {
      while (!isOver) {
        made.push(await makeSession(account, id, i % 2 ? one : other));
        await account.sql('UPDATE portal_sessions SET expires_at = now() WHERE id = $1', [made.at(-1)?.body.id]);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    while (made.length < 50) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await account.patch(id, { status: 'suspended' })).status).toBe(200);
    isOver = true;
    await Promise.all(clients);
    expect(made.slice(0, 50).map(({ status }) => status)).toEqual(Array(50).fill(201));
    for (const { status } of made) expect([201, 403]).toContain(status);
    expect(await liveSessions(account, id)).toBe(0);
  });
});

async function liveSessions(account: Account, id: string): Promise<number> {
  const rows = await account.sql(
    'SELECT 1 FROM portal_sessions WHERE seller_id = $1 AND customer_id = $2 AND expires_at > now()',
    [account.seller.id, id],
  );
  return rows.length;
}

interface Lock {
  isWaitedForBy(count: number): Promise<void>;
  release(): Promise<void>;
}

/** Sessions of the database that wait for one of them, or for one that does. */
const WAITING = `
  WITH RECURSIVE waiting AS (
    SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))
    UNION SELECT next.pid FROM pg_stat_activity AS next JOIN waiting ON waiting.pid = ANY (pg_blocking_pids(next.pid))
  ) SELECT count(*)::int AS count FROM waiting`;

/**
 * A customer whose row a transaction of the test's own holds, so that what follows has to queue in a known order. It
 * shares the row: whoever were content to share it, too, would jump the queue.
 */
async function withLockedCustomer(service: Service, use: (account: Account, id: string, lock: Lock) => Promise<void>) {
  const account = await makeAccount(service);
  const { id } = await account.makeCustomer();
  const holder = service.app.get(DataSource).createQueryRunner();
  const lock: Lock = {
    async isWaitedForBy(count) {
      for (let i = 0; i < 40; i++) {
        const [row] = await account.sql(WAITING, [pid]);
        if (row?.count >= count) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(`Not ${count} of them wait for the row`);
    },
    release: () => holder.commitTransaction(),
  };
  await holder.startTransaction();
  const [{ pid }] = await holder.query('SELECT pg_backend_pid() AS pid FROM customers WHERE id = $1 FOR SHARE', [id]);
  try {
    await use(account, id, lock);
  } finally {
    if (holder.isTransactionActive) await holder.rollbackTransaction();
    await holder.release();
  }
}
