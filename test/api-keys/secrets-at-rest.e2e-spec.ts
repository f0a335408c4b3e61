import { createHash } from 'node:crypto';
import { SCOPES } from '../../src/api-keys/scopes';
import { type Account, makeAccount } from '../support/factories';
import { makeSession, readSession } from '../support/portal';
import { useService } from '../support/service';

describe('Secrets', () => {
  const service = useService();

  /** Everything that the database holds of a seller's, and of nobody's, as text; bytes in hexadecimal. */
  async function dump(account: Account): Promise<string> {
    const tables = await account.sql(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    expect(tables.length).toBeGreaterThan(5);
    const rows = await Promise.all(tables.map(({ name }) => account.sql(`SELECT t::text AS row FROM "${name}" t`)));
    return rows
      .flat()
      .map(({ row }) => row)
      .join('\n');
  }

  it('are in the database as hashes alone, or encrypted, whatever was made or asked with them', async () => {
    const account = await makeAccount(service, { scopes: [...SCOPES] });
    const { id } = await account.makeCustomer();
    const made = (await account.call('POST', '/api/api-keys', { body: { name: 'CRM' } })).body;
    const rotated = (await account.call('POST', `/api/api-keys/${made.id}/rotate`)).body;
    const hook = (await account.call('POST', '/api/webhooks', { body: { url: 'https://x.de' } })).body;
    const { secret } = (await account.call('POST', `/api/webhooks/${hook.id}/rotate-secret`)).body;
    const { token } = (await makeSession(account, id)).body;
    expect((await readSession(service, token)).status).toBe(200);
    const headers = { 'idempotency-key': 'once' };
    for (const key of [made.key, rotated.key, account.key])
      await account.patch(id, { last_name: 'Roe' }, { key, headers });

    const stored = await dump(account);
    for (const text of [hook.secret, secret]) {
      const bytes = Buffer.from(text.slice('whsec_'.length), 'base64');
      for (const form of [text.slice(6, 30), bytes.toString('hex'), Buffer.from(text).toString('hex')]) {
        expect(stored.includes(form)).toBe(false);
      }
    }
    for (const secret of [account.key, made.key, rotated.key, token]) {
      const body = secret.slice(12);
      expect(stored.split(createHash('sha256').update(secret).digest('hex'))).toHaveLength(2);
      for (const text of [
        body,
        body.slice(0, 16),
        Buffer.from(body).toString('hex'),
        Buffer.from(secret).toString('base64'),
      ]) {
        expect(stored.includes(text)).toBe(false);
      }
    }
  });

  it('are opened neither by what is stored of them nor by each other', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { token } = (await makeSession(account, id)).body;
    const hash = createHash('sha256').update(account.key).digest();
    for (const key of [
      hash.toString('hex'),
      hash.toString('base64'),
      `sk_live_${hash.toString('hex').slice(0, 48)}`,
      token,
    ]) {
      expect((await account.call('GET', '/api/me', { key })).status).toBe(401);
    }
    for (const guess of [account.key, account.key.replace('sk_', 'ps_'), token.toUpperCase(), `${token} `.repeat(2)]) {
      const { status, body } = await readSession(service, guess);
      expect([status, body.message]).toEqual([401, 'Portal session is not valid']);
    }
  });
});
