import { generateSecret, hashSecret } from '../../src/api-keys/secret-format';
import { SessionPruner } from '../../src/portal/portal-sessions.repository';
import { sellerOf } from '../../src/portal/portal-sessions.service';
import { useServiceWithDatabase } from '../support/database';
import { type Account, makeAccount } from '../support/factories';
import { makeSession, readSession } from '../support/portal';

const MAX_SESSIONS = 20;

/** Sessions as they were made when there could be any number, and of tokens that nobody has. */
async function fill(account: Account, id: string, count: number, expiry = `now() + interval '1 hour'`): Promise<void> {
  await account.sql(
    `INSERT INTO portal_sessions (seller_id, id, customer_id, token_hash, created_at, expires_at)
     SELECT $1, gen_random_uuid(), $2, decode(md5(random()::text || i), 'hex'), now(), ${expiry}
       FROM generate_series(1, $3::int) AS i`,
    [account.seller.id, id, count],
  );
}

/** More than end at once, a few at a time, for each statement to end in time. */
async function makeMany(account: Account, id: string): Promise<void> {
  for (let i = 0; i < 5; i++) await fill(account, id, 2500);
}

async function countSessions(account: Account, id: string): Promise<number> {
  const [row] = await account.sql(
    'SELECT count(*)::int AS count FROM portal_sessions WHERE seller_id = $1 AND customer_id = $2',
    [account.seller.id, id],
  );
  return row?.count;
}

describe('The portal sessions of a customer', () => {
  const service = useServiceWithDatabase();

  it('are at most 20: a further one ends the oldest', async () => {
    const account = await makeAccount(service);
    const [{ id }, other] = [await account.makeCustomer(), await account.makeCustomer()];
    const untouched = (await makeSession(account, other.id)).body.token;
    const tokens: string[] = [];
    for (let i = 0; i < MAX_SESSIONS + 2; i++) tokens.push((await makeSession(account, id)).body.token);
    const answers = await Promise.all([...tokens, untouched].map((token) => readSession(service, token)));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, ...Array(MAX_SESSIONS + 1).fill(200)]);
  });

  it('are at most 20 also when many are made at once', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const made = await Promise.all(Array.from({ length: 60 }, () => makeSession(account, id)));
    expect(made.map(({ status }) => status)).toEqual(Array(60).fill(201));
    expect(await countSessions(account, id)).toBe(MAX_SESSIONS);
    const answers = await Promise.all(made.map(({ body }) => readSession(service, body.token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(MAX_SESSIONS);
  });

  it('end with a deactivation and a deletion, however many there are', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    // The planner believes that the table is nearly empty.
    await account.sql('VACUUM ANALYZE portal_sessions');
    await makeMany(account, id);
    const { token } = (await makeSession(account, id)).body;
    expect((await account.patch(id, { status: 'suspended' })).status).toBe(200);
    expect(await countSessions(account, id)).toBe(0);
    expect((await readSession(service, token)).status).toBe(401);
    await account.patch(id, { status: 'active' });
    await makeMany(account, id);
    expect((await account.call('DELETE', `/api/customers/${id}`)).status).toBe(204);
    expect(await countSessions(account, id)).toBe(0);
  });

  it('are left as they are by a dry run of a deactivation', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { token } = (await makeSession(account, id)).body;
    await account.call('PATCH', `/api/customers/${id}?dry_run=true`, { body: { status: 'suspended' } });
    expect((await readSession(service, token)).status).toBe(200);
  });

  it('are removed when they have expired, though their customer never comes again', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    await fill(account, id, 2500, 'now()');
    const { token } = (await makeSession(account, (await account.makeCustomer()).id)).body;
    await fill(account, id, 1);
    await service.app.get(SessionPruner).prune();
    expect(await countSessions(account, id)).toBe(1);
    expect((await readSession(service, token)).status).toBe(200);
  });

  it('have tokens that name the seller, each its own', async () => {
    const accounts = [await makeAccount(service), await makeAccount(service)];
    for (const account of accounts) {
      const { token } = (await makeSession(account, (await account.makeCustomer()).id)).body;
      expect(token).toMatch(/^ps_live_[0-9A-Za-z]{48}$/);
      expect(sellerOf(token)).toBe(account.seller.id);
    }
  });

  it('stay open with tokens that were made when they named no seller', async () => {
    const account = await makeAccount(service);
    const customer = await account.makeCustomer();
    for (let i = 0; i < 20; i++) {
      const token = generateSecret('ps_live_');
      await account.sql(
        `INSERT INTO portal_sessions (seller_id, id, customer_id, token_hash, created_at, expires_at)
         VALUES ($1, gen_random_uuid(), $2, $3, now(), now() + interval '1 hour')`,
        [account.seller.id, customer.id, hashSecret(token)],
      );
      const { status, body } = await readSession(service, token);
      expect([status, body.customer]).toEqual([200, customer]);
    }
  });
});
