import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { migrate } from '../../src/database/migrate';
import { type Account, makeAccount } from '../support/factories';
import { databaseUrl, type Service, startService } from '../support/service';

/** What is stored as a last name, and what finds it. */
const FOUND: [stored: string, search: string][] = [
  ['JÖRG', 'jörg'],
  ['jörg', 'JÖRG'],
  ['Jo\u0308rg', 'j\u00f6rg'],
  ['J\u00f6rg', 'jo\u0308RG'],
  ['İPEK', 'i\u0307pek'],
  ['i\u0307pek', 'İPEK'],
  ['ΟΔΥΣΣΕΥΣ', 'οδυσσευς'],
  ['οδυσσεύς', 'ΟΔΥΣΣΕΎΣ'],
  ['Straße', 'STRAßE'],
  ['ЖУКОВ', 'жуков'],
  ['100% sure_thing\\', '% SURE_THING\\'],
  ['Q', 'q'],
];

const NOT_FOUND: [stored: string, search: string][] = [
  ['Jorg', 'jörg'],
  ['Strasse', 'straße'],
  ['100 sure', '100%'],
  ['sure-thing', 'sure_thing'],
];

describe.each(['C', 'C.UTF-8'])('A search on a database whose locale is %s', (locale) => {
  let service: Service;
  const name = `test_${randomUUID().replaceAll('-', '')}`;

  async function administer(statement: string): Promise<void> {
    const admin = new Client(databaseUrl());
    await admin.connect();
    await admin.query(statement);
    await admin.end();
  }

  beforeAll(async () => {
    await administer(
      `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE '${locale}' LC_CTYPE '${locale}'`,
    );
    const url = new URL(databaseUrl());
    url.pathname = name;
    await migrate(url.href);
    service = await startService({ databaseUrl: url.href });
  });

  afterAll(async () => {
    await service?.app.close();
    await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });

  async function search(account: Account, text: string): Promise<string[]> {
    const { status, body } = await account.call('GET', `/api/customers?search=${encodeURIComponent(text)}`);
    expect(status).toBe(200);
    return body.data.map(({ last_name }: { last_name: string }) => last_name);
  }

  it.each(FOUND)('finds %s by %s', async (stored, text) => {
    const account = await makeAccount(service);
    await account.makeCustomer({ last_name: stored });
    expect(await search(account, text)).toEqual([stored]);
  });

  it.each(NOT_FOUND)('does not find %s by %s', async (stored, text) => {
    const account = await makeAccount(service);
    await account.makeCustomer({ last_name: stored });
    expect(await search(account, text)).toEqual([]);
  });

  it('follows each change of what is searched', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ last_name: 'Alt' });
    await account.patch(id, { last_name: 'NEUMANN', company_name: 'Müller AG' });
    expect(await search(account, 'neumann')).toEqual(['NEUMANN']);
    expect(await search(account, 'MÜLLER')).toEqual(['NEUMANN']);
    expect(await search(account, 'alt')).toEqual([]);
    await account.patch(id, { company_name: null });
    expect(await search(account, 'müller')).toEqual([]);
  });
});
