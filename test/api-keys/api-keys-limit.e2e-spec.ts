import { SCOPES } from '../../src/api-keys/scopes';
import { type Account, makeAccount } from '../support/factories';
import type { Answer } from '../support/http';
import { useService } from '../support/service';

const LIMIT = 1000;
const LIMIT_REACHED = { error: 'Conflict', message: 'API key limit reached' };

/** Keys that nobody has; `ended` is what has become of them, if anything. */
async function fill(account: Account, count: number, ended: Partial<Record<'revoked_at' | 'expires_at', string>> = {}) {
  const { revoked_at = 'NULL', expires_at = 'NULL' } = ended;
  await account.sql(
    `INSERT INTO api_keys (id, seller_id, name, prefix, key_hash, scopes, created_at, revoked_at, expires_at)
     SELECT gen_random_uuid(), $1, 'Key ' || i, 'sk_live_0000', decode(md5(random()::text || i), 'hex'), '{}',
            now() - i / 3 * interval '1 ms', ${revoked_at}, ${expires_at}
       FROM generate_series(1, $2::int) AS i`,
    [account.seller.id, count],
  );
}

const create = (account: Account, body: object = { name: 'New' }) => account.call('POST', '/api/api-keys', { body });

async function liveKeys(account: Account): Promise<number> {
  const [row] = await account.sql(
    `SELECT count(*)::int AS count FROM api_keys
      WHERE seller_id = $1 AND (revoked_at IS NULL OR revoked_at > now()) AND (expires_at IS NULL OR expires_at > now())`,
    [account.seller.id],
  );
  return row?.count;
}

function statuses(answers: Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe('The keys of a seller', () => {
  const service = useService();
  const makeManager = () => makeAccount(service, { scopes: [...SCOPES] });

  it('come page by page, newest first, each once, though more are made meanwhile', async () => {
    const account = await makeManager();
    await fill(account, 46, { revoked_at: 'now()' });
    const rows = await account.sql('SELECT id FROM api_keys WHERE seller_id = $1 ORDER BY created_at DESC, id DESC', [
      account.seller.id,
    ]);
    const byDefault = await account.call('GET', '/api/api-keys');
    expect(Object.keys(byDefault.body)).toEqual(['data', 'next_cursor']);
    expect(byDefault.body.data).toHaveLength(20);
    const pages: string[][] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body } = await account.call('GET', `/api/api-keys?limit=10${cursor && `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      pages.push(body.data.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor;
      await account.makeKey();
    }
    expect(pages.map((page) => page.length)).toEqual([10, 10, 10, 10, 7]);
    expect(pages.flat()).toEqual(rows.map(({ id }) => id));
    expect((await account.call('GET', '/api/api-keys?limit=52')).body.next_cursor).toBeNull();
  });

  it.each([
    ['limit=0', 'querystring/limit must be >= 1'],
    ['limit=101', 'querystring/limit must be <= 100'],
    ['limit=x', 'querystring/limit must be integer'],
    ['cursor=nonsense', 'querystring/cursor must match format "cursor"'],
    ['page=2', 'querystring must NOT have additional properties'],
  ])('are not listed by ?%s', async (query, message) => {
    const { status, body } = await (await makeManager()).call('GET', `/api/api-keys?${query}`);
    expect([status, body]).toEqual([400, { error: 'Bad Request', message }]);
  });

  it('are at most 1,000 that are neither revoked nor expired', async () => {
    const account = await makeManager();
    await fill(account, LIMIT - 2, { revoked_at: `now() + interval '1 hour'` });
    const last = await create(account);
    expect(last.status).toBe(201);
    const refused = await create(account);
    expect([refused.status, refused.body]).toEqual([409, LIMIT_REACHED]);
    const headers = { accept: 'application/problem+json' };
    const problem = await account.call('POST', '/api/api-keys', { body: { name: 'New' }, headers });
    expect(problem.body).toMatchObject({ type: '/problems/conflict', status: 409, detail: LIMIT_REACHED.message });
    await expect(account.makeKey()).rejects.toThrow(LIMIT_REACHED.message);
    await account.call('POST', `/api/api-keys/${last.body.id}/revoke`);
    expect((await create(account)).status).toBe(201);
    expect((await create(account)).status).toBe(409);
  });

  it('may be any number that are revoked or expired', async () => {
    const account = await makeManager();
    await fill(account, 2000, { revoked_at: 'now()' });
    await fill(account, 2000, { expires_at: 'now()' });
    expect((await create(account)).status).toBe(201);
  });

  it('can be rotated at the limit, but for an overlap, and are not touched when it is refused', async () => {
    const account = await makeManager();
    await fill(account, LIMIT - 2);
    const { id } = (await create(account)).body;
    const rotate = (body: object) => account.call('POST', `/api/api-keys/${id}/rotate`, { body });
    const refused = await rotate({ overlap_seconds: 60 });
    expect([refused.status, refused.body]).toEqual([409, LIMIT_REACHED]);
    expect((await account.call('GET', `/api/api-keys/${id}`)).body.revoked_at).toBeNull();
    expect((await rotate({})).status).toBe(201);
    expect(await liveKeys(account)).toBe(LIMIT);
  });

  it('do not exceed the limit when many are made and rotated at once', async () => {
    const account = await makeManager();
    await fill(account, LIMIT - 14);
    const olds = await Promise.all(Array.from({ length: 8 }, () => account.makeKey()));
    const answers = await Promise.all([
      ...Array.from({ length: 20 }, () => create(account)),
      ...olds.map(({ id }) => account.call('POST', `/api/api-keys/${id}/rotate`, { body: { overlap_seconds: 600 } })),
    ]);
    expect(statuses(answers)).toEqual({ 201: 5, 409: 23 });
    expect(await liveKeys(account)).toBe(LIMIT);
  });

  it('are counted for each seller', async () => {
    const [full, other] = [await makeManager(), await makeManager()];
    await fill(full, LIMIT - 1);
    expect((await create(full)).status).toBe(409);
    expect((await create(other)).status).toBe(201);
  });
});
