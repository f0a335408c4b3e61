import { randomUUID } from 'node:crypto';
import { type Account, makeAccount, uniqueEmail } from '../../support/factories';
import type { RequestOptions } from '../../support/http';
import { makeSession, readSession } from '../../support/portal';
import { useService } from '../../support/service';

const NOT_FOUND = { error: 'Not Found', message: 'Customer not found' };
const NO_VERSION = { error: 'Not Found', message: 'Customer version not found' };

describe('POST /api/customers/{id}/revert', () => {
  const service = useService();

  const revert = (account: Account, id: string, version: unknown, options: RequestOptions = {}, query = '') =>
    account.call('POST', `/api/customers/${id}/revert${query}`, { body: { version }, ...options });

  const versionsOf = async (account: Account, id: string) =>
    (await account.call('GET', `/api/customers/${id}/history?limit=100`)).body.data;

  /** A customer at version 3 that was different in every member at version 1. */
  async function changed() {
    const account = await makeAccount(service);
    const first = await account.makeCustomer({
      company_name: 'Acme',
      legal_entity: null,
      address_data: { country: 'Germany', city: 'Bonn' },
    });
    await account.patch(first.id, { first_name: 'Jane', email: uniqueEmail(), address_data: null, legal_entity: 'AG' });
    const { body: third } = await account.patch(first.id, {
      last_name: 'Roe',
      company_name: null,
      language: 'en',
      status: 'inactive',
      postal_redirect_address: { street: 'B 2' },
    });
    return { account, id: first.id, first, third };
  }

  it('makes the members what they were, as a new version', async () => {
    const { account, id, first } = await changed();
    const { status, headers, body } = await revert(account, id.toUpperCase(), 1);
    expect([status, headers.get('etag')]).toEqual([200, '"4"']);
    expect(body).toEqual({ ...first, updated_at: body.updated_at });
    expect(Object.keys(body)).toEqual(Object.keys(first));
    expect(Object.keys(body.address_data)).toEqual(['city', 'country']);
    expect(await account.row(id)).toEqual({ ...body, version: 4 });
    const now = await account.call('GET', `/api/customers/${id}`);
    expect([now.body, now.headers.get('etag')]).toEqual([body, '"4"']);
  });

  it('is told of in the history as such, with what it changed', async () => {
    const { account, id, first, third } = await changed();
    const { headers, body } = await revert(account, id, 2);
    const [entry, ...rest] = await versionsOf(account, id);
    expect(rest).toHaveLength(3);
    expect(entry).toEqual({
      version: 4,
      type: 'reverted',
      changes: {
        last_name: { old: 'Roe', new: 'Doe' },
        company_name: { old: null, new: 'Acme' },
        language: { old: 'en', new: 'de' },
        status: { old: 'inactive', new: 'active' },
        postal_redirect_address: { old: { street: 'B 2' }, new: null },
      },
      actor: { type: 'api_key', id: account.apiKey.id, name: 'Test' },
      request_id: headers.get('x-request-id'),
      created_at: body.updated_at,
    });
    const third2 = await account.call('GET', `/api/customers/${id}?version=3`);
    expect(third2.body).toEqual(third);
    expect((await account.call('GET', `/api/customers/${id}?version=1`)).body).toEqual(first);
  });

  it('can itself be reverted, and leads back to any version', async () => {
    const { account, id, first, third } = await changed();
    await revert(account, id, 1);
    const back = await revert(account, id, 3);
    expect(back.body).toEqual({ ...third, updated_at: back.body.updated_at });
    const again = await revert(account, id, 4);
    expect([again.headers.get('etag'), again.body]).toEqual(['"6"', { ...first, updated_at: again.body.updated_at }]);
  });

  it.each([3, 1])('to version %i, which is equal, changes nothing', async (version) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ address_data: { city: 'Bonn', street: 'A 1' } });
    await account.patch(id, { first_name: 'Jane', address_data: null });
    const { body: before } = await account.patch(id, {
      first_name: 'John',
      address_data: { street: 'A 1', city: 'Bonn' },
    });
    const { status, headers, body } = await revert(account, id, version);
    expect([status, headers.get('etag'), body]).toEqual([200, '"3"', before]);
    expect(await versionsOf(account, id)).toHaveLength(3);
  });

  it.each(['as it was', 'in another letter case'])('is a conflict when the email is taken by now, %s', async (how) => {
    const { account, id, first, third } = await changed();
    const email = how === 'as it was' ? first.email : first.email.toUpperCase();
    const { id: other } = await account.makeCustomer({ email });
    const { status, headers, body } = await revert(account, id, 1);
    expect([status, headers.get('etag')]).toEqual([409, null]);
    expect(body).toEqual({ error: 'Conflict', message: 'A customer with this email already exists' });
    expect(await account.row(id)).toEqual({ ...third, version: 3 });
    expect(await versionsOf(account, id)).toHaveLength(3);
    await account.call('DELETE', `/api/customers/${other}`);
    expect((await revert(account, id, 1)).status).toBe(200);
  });

  it.each([2, 2_147_483_647])('does not know version %i', async (version) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, headers, body } = await revert(account, id, version);
    expect([status, headers.get('etag'), body]).toEqual([404, null, NO_VERSION]);
  });

  it('does not tell another seller’s customer from an unknown one, nor change it', async () => {
    const { account: owner, id, third } = await changed();
    const stranger = await makeAccount(service);
    for (const [unknown, version] of [
      [id, 1],
      [id, 99],
      [randomUUID(), 1],
    ] as const) {
      const { status, body } = await revert(stranger, unknown, version);
      expect([status, body]).toEqual([404, NOT_FOUND]);
    }
    expect(await owner.row(id)).toEqual({ ...third, version: 3 });
  });

  it.each([
    ['{}', "body must have required property 'version'"],
    ['{"version": "1"}', 'body/version must be integer'],
    ['{"version": 1.5}', 'body/version must be integer'],
    ['{"version": null}', 'body/version must be integer'],
    ['{"version": true}', 'body/version must be integer'],
    ['{"version": [1]}', 'body/version must be integer'],
    ['{"version": 0}', 'body/version must be >= 1'],
    ['{"version": -1}', 'body/version must be >= 1'],
    ['{"version": 1, "email": "a@b.example"}', 'body must NOT have additional properties'],
    ['[1]', 'body must be object'],
    ['1', 'body must be object'],
    ['', "Body cannot be empty when content-type is set to 'application/json'"],
    ['{"version": 1', "Body is not valid JSON but content-type is set to 'application/json'"],
  ])('refuses %s', async (body, message) => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const answer = await account.call('POST', `/api/customers/${id}/revert`, { body });
    expect([answer.status, answer.body]).toEqual([400, { error: 'Bad Request', message }]);
  });

  it('refuses a request without a body, and a wrong id', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer();
    const { status, body } = await account.call('POST', `/api/customers/${id}/revert`);
    expect([status, body.message]).toEqual([400, 'body must be object']);
    expect((await revert(account, 'x', 1)).body.message).toBe('params/id must match format "uuid"');
  });

  it('ends the portal sessions when the customer is not active again', async () => {
    const account = await makeAccount(service);
    const { id } = await account.makeCustomer({ status: 'suspended' });
    await account.patch(id, { status: 'active' });
    await account.patch(id, { first_name: 'Jane' });
    const { token } = (await makeSession(account, id)).body;
    const bystander = (await makeSession(account, (await account.makeCustomer()).id)).body.token;
    expect((await revert(account, id, 2)).body).toMatchObject({ first_name: 'John', status: 'active' });
    expect((await readSession(service, token)).status).toBe(200);
    expect((await revert(account, id, 1)).body.status).toBe('suspended');
    expect((await readSession(service, token)).body.message).toBe('Portal session is not valid');
    await revert(account, id, 2);
    expect((await readSession(service, token)).status).toBe(401);
    expect((await readSession(service, bystander)).status).toBe(200);
  });

  it('honours If-Match, after 404 and before the conflict of the email', async () => {
    const { account, id, first } = await changed();
    await account.makeCustomer({ email: first.email });
    const stale = { headers: { 'if-match': '"2"' } };
    expect((await revert(account, id, 99, stale)).body).toEqual(NO_VERSION);
    const { status, body } = await revert(account, id, 1, stale);
    const changes = 'last_name, company_name, language, status, postal_redirect_address';
    const message = `Customer has changed: current version is 3, changed since version 2: ${changes}`;
    expect([status, body]).toEqual([412, { error: 'Precondition Failed', message }]);
    expect((await revert(account, id, 2, { headers: { 'if-match': '"3"' } })).headers.get('etag')).toBe('"4"');
  });

  it('on trial answers alike and stores nothing', async () => {
    const { account, id, first, third } = await changed();
    const trial = await revert(account, id, 1, {}, '?dry_run=true');
    expect([trial.status, trial.headers.get('dry-run'), trial.headers.get('etag')]).toEqual([200, 'true', '"4"']);
    expect(trial.body).toEqual({ ...first, updated_at: trial.body.updated_at });
    expect(await account.row(id)).toEqual({ ...third, version: 3 });
    expect(await versionsOf(account, id)).toHaveLength(3);
  });
});
