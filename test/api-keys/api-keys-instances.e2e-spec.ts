import { SCOPES } from '../../src/api-keys/scopes';
import { type Account, makeAccount } from '../support/factories';
import { request } from '../support/http';
import { type Service, startService, useService } from '../support/service';

/** What ends a key, and what another instance says to the next request with it. */
const ENDINGS: [method: string, path: string, message: string][] = [
  ['POST', '/revoke', 'API key has been revoked'],
  ['POST', '/rotate', 'API key has been revoked'],
  ['DELETE', '', 'Invalid API key'],
];

describe('With two instances on one database', () => {
  const service = useService();
  let other: Service;
  beforeAll(async () => void (other = await startService()));
  afterAll(() => other.app.close());

  const makeManager = () => makeAccount(service, { scopes: [...SCOPES] });
  const end = async (account: Account, id: string, method: string, path: string) => {
    const { status } = await account.call(method, `/api/api-keys/${id}${path}`);
    expect(status).toBeLessThan(300);
  };

  it.each(ENDINGS)('%s %s on one is known to the other on the very next request', async (method, path, message) => {
    const account = await makeManager();
    for (let round = 0; round < 20; round++) {
      const { id, key } = await account.makeKey();
      const ask = () => request('GET', `${other.url}/api/me`, { key });
      expect((await ask()).status).toBe(200);
      await end(account, id, method, path);
      const { status, body } = await ask();
      expect([status, body]).toEqual([401, { error: 'Unauthorized', message }]);
    }
  });

  it.each(ENDINGS)('%s %s lets nothing through on either after its answer, under load', async (method, path) => {
    const account = await makeManager();
    const { id, key } = await account.makeKey();
    const customer = await account.makeCustomer();
    let hasEnded = false;
    const late: number[] = [];
    const client = async (_: unknown, i: number) => {
      const url = `${(i % 2 ? other : service).url}/api/customers/${customer.id}`;
      for (let n = 0; n < 25; n++) {
        const wasOver = hasEnded;
        const { status } = await request('PATCH', url, { key, body: { first_name: `N${i}-${n}` } });
        if (wasOver) late.push(status);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    await end(account, id, method, path);
    hasEnded = true;
    await Promise.all(clients);
    expect(late.length).toBeGreaterThan(0);
    expect(new Set(late)).toEqual(new Set([401]));
  });

  it('a key rotates once, on whichever of them', async () => {
    const account = await makeManager();
    for (let round = 0; round < 5; round++) {
      const { id } = await account.makeKey();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          request('POST', `${(i % 2 ? other : service).url}/api/api-keys/${id}/rotate`, { key: account.key }),
        ),
      );
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
    }
  });
});
