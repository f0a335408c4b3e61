import { BEGINNING, writeEventCursor } from '../../src/events/event';
import { type Account, makeAccount } from '../support/factories';
import { startService, useService } from '../support/service';
import { makeWebhookAccount, WEBHOOK_SCOPES } from '../support/webhooks';

const UNKNOWN_ID = '550e8400-e29b-41d4-a716-446655440000';
const URL = 'https://receiver.example.com/hook?x=1';

describe('/api/webhooks', () => {
  const service = useService();
  let account: Account;
  beforeEach(async () => void (account = await makeWebhookAccount(service)));

  const create = (body: object = {}) => account.call('POST', '/api/webhooks', { body: { url: URL, ...body } });

  it('creates a webhook, whose secret is shown only then', async () => {
    const { status, headers, body } = await create({ event_types: ['customer.deleted'], description: 'The CRM' });
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('location')).toBe(`/api/webhooks/${body.id}`);
    const { secret, ...webhook } = body;
    expect(secret).toMatch(/^whsec_[0-9A-Za-z+/]{43}=$/);
    expect(webhook).toEqual({
      id: expect.any(String),
      url: URL,
      event_types: ['customer.deleted'],
      description: 'The CRM',
      status: 'enabled',
      created_at: expect.stringMatching(/Z$/),
      updated_at: webhook.created_at,
    });
    expect((await account.call('GET', `/api/webhooks/${webhook.id.toUpperCase()}`)).body).toEqual(webhook);
    expect((await account.call('GET', '/api/webhooks')).body).toEqual({ data: [webhook] });
  });

  it('has defaults', async () => {
    const { body } = await create();
    expect(body).toMatchObject({ event_types: ['*'], description: null, status: 'enabled' });
  });

  it.each([
    [{ url: undefined }, "body must have required property 'url'"],
    [{ url: 5 }, 'body/url must be string'],
    [{ url: `https://x.de/${'x'.repeat(2048)}` }, 'body/url must NOT have more than 2048 characters'],
    [{ url: 'ftp://x.de' }, 'body/url must match pattern "^https://"'],
    [{ url: '' }, 'body/url must match pattern "^https://"'],
    [{ url: 'https://' }, 'body/url must match format "uri" without credentials and fragment'],
    [{ url: 'https://a:b@x.de' }, 'body/url must match format "uri" without credentials and fragment'],
    [{ url: 'https://x.de/#' }, 'body/url must match format "uri" without credentials and fragment'],
    [{ url: 'https://x.de#' }, 'body/url must match format "uri" without credentials and fragment'],
    [{ url: 'https://@x.de/' }, 'body/url must match format "uri" without credentials and fragment'],
    [{ url: 'https://x\\@y.de/' }, 'body/url must match format "uri" without credentials and fragment'],
    [{ url: 'https://x.de:0/' }, 'body/url must match format "uri" without credentials and fragment'],
    [{ url: 'https://x.de/ x' }, 'body/url must match format "uri" without credentials and fragment'],
    [{ event_types: [] }, 'body/event_types must NOT have fewer than 1 items'],
    [{ event_types: ['x'] }, 'body/event_types/0 must be equal to one of the allowed values'],
    [{ event_types: ['*', 'customer.created'] }, 'body/event_types must NOT have more than 1 items with "*"'],
    [{ event_types: null }, 'body/event_types must be array'],
    [{ description: '' }, 'body/description must NOT have fewer than 1 characters'],
    [{ description: 'x'.repeat(201) }, 'body/description must NOT have more than 200 characters'],
    [{ status: 'on' }, 'body/status must be equal to one of the allowed values'],
    [{ secret: 'whsec_x' }, 'body must NOT have additional properties'],
  ])('refuses %j', async (members, message) => {
    const { status, body } = await create(members);
    expect([status, body.message]).toEqual([400, message]);
    if (message.includes('required')) return;
    const { id } = (await create()).body;
    const patched = await account.call('PATCH', `/api/webhooks/${id}`, { body: members });
    expect([patched.status, patched.body.message]).toEqual([400, message]);
  });

  it.each(['HTTPS://Receiver.EXAMPLE.com/Hook', 'https://x.de/@y?z=@', 'https://x.de:8443', 'https://10.0.0.1/'])(
    'takes %s, and keeps it as it was sent',
    async (url) => {
      const { status, body } = await create({ url });
      expect([status, body.url]).toEqual([201, url]);
      const { schemas } = (await account.call('GET', '/docs-json')).body.components;
      expect(url).toMatch(new RegExp(schemas.CreateWebhookDto.properties.url.pattern));
    },
  );

  it('changes what is sent, and only then', async () => {
    const { secret: _, ...webhook } = (await create({ description: 'x' })).body;
    const patch = (body: object) => account.call('PATCH', `/api/webhooks/${webhook.id}`, { body });
    expect((await patch({})).body.message).toBe('body must NOT have fewer than 1 properties');
    const { status, body } = await patch({ description: null, status: 'disabled' });
    expect([status, body]).toEqual([
      200,
      { ...webhook, description: null, status: 'disabled', updated_at: expect.any(String) },
    ]);
    expect((await patch({ status: 'disabled', url: webhook.url })).body).toEqual(body);
    expect((await patch({ event_types: ['customer.created'] })).body.event_types).toEqual(['customer.created']);
  });

  it('takes no more than 20 of a seller, also at once', async () => {
    const made = await Promise.all(Array.from({ length: 25 }, () => create()));
    expect(made.filter(({ status }) => status === 201)).toHaveLength(20);
    const refused = made.filter(({ status }) => status === 409);
    expect(refused).toHaveLength(5);
    expect(refused[0]?.body).toEqual({ error: 'Conflict', message: 'Webhook limit reached' });
    const { data } = (await account.call('GET', '/api/webhooks')).body;
    expect((await account.call('DELETE', `/api/webhooks/${data[0].id}`)).status).toBe(204);
    expect((await create()).status).toBe(201);
  });

  it('knows only those of the seller', async () => {
    const { id } = (await create()).body;
    const other = await makeWebhookAccount(service);
    const after = writeEventCursor(BEGINNING);
    for (const [method, path, body] of [
      ['GET', ''],
      ['PATCH', '', { description: null }],
      ['DELETE', ''],
      ['POST', '/rotate-secret'],
      ['POST', '/test'],
      ['GET', '/deliveries'],
      ['POST', `/deliveries/${UNKNOWN_ID}/retry`],
      ['POST', '/replay', { after }],
    ] as const) {
      for (const unknown of [id, UNKNOWN_ID]) {
        const answer = await other.call(method, `/api/webhooks/${unknown}${path}`, body && { body });
        expect([path, answer.status, answer.body.message]).toEqual([path, 404, 'Webhook not found']);
      }
    }
    const retry = await account.call('POST', `/api/webhooks/${id}/deliveries/${UNKNOWN_ID}/retry`);
    expect([retry.status, retry.body.message]).toEqual([404, 'Delivery not found']);
  });

  it('needs the scope webhooks:manage, which a new key has only when told so', async () => {
    const { key } = await makeAccount(service);
    const refused = await account.call('GET', '/api/webhooks', { key });
    expect([refused.status, refused.body.message]).toEqual([403, 'API key does not have the webhooks:manage scope']);
    const admin = await account.makeKey({ scopes: ['api_keys:manage'] });
    const asked = { key: admin.key, body: { name: 'x', scopes: ['webhooks:manage'] } };
    expect((await account.call('POST', '/api/api-keys', asked)).status).toBe(403);
    expect(WEBHOOK_SCOPES).toContain((await account.call('GET', '/api/me')).body.api_key.scopes[2]);
  });

  it('refuses a bad replay', async () => {
    const { id } = (await create()).body;
    const replay = (body: object) => account.call('POST', `/api/webhooks/${id}/replay`, { body });
    expect((await replay({})).body.message).toBe("body must have required property 'after'");
    expect((await replay({ after: 'x' })).body.message).toBe('body/after must match format "cursor"');
    expect((await replay({ after: 5 })).body.message).toBe('body/after must be string');
  });

  it('takes http only where private addresses are allowed', async () => {
    const strict = await startService({ webhookAllowPrivate: false });
    try {
      const { key } = account;
      const strictly = await makeWebhookAccount(strict);
      const refused = await strictly.call('POST', '/api/webhooks', { body: { url: 'http://x.de' } });
      expect([refused.status, refused.body.message]).toEqual([400, 'body/url must match pattern "^https://"']);
      expect((await account.call('POST', '/api/webhooks', { key, body: { url: 'http://x.de' } })).status).toBe(201);
    } finally {
      await strict.app.close();
    }
  });

  it('takes no host that is not public where private addresses are not allowed', async () => {
    const strict = await startService({ webhookAllowPrivate: false });
    try {
      const strictly = await makeWebhookAccount(strict);
      const { id } = (await strictly.call('POST', '/api/webhooks', { body: { url: URL } })).body;
      const hosts = ['10.0.0.1', '127.1:8443', '0x7f000001', '[::1]', '[::ffff:10.0.0.1]', 'LocalHost', 'a.localhost.'];
      hosts.push('a..b', '...', '.', '.a.de', 'a.de..', 'localhost..', '1.2.3.4..');
      for (const host of hosts) {
        const body = { url: `HTTPS://${host}/` };
        const created = await strictly.call('POST', '/api/webhooks', { body });
        const changed = await strictly.call('PATCH', `/api/webhooks/${id}`, { body });
        const message = 'body/url must match format "uri" with a public host';
        expect([host, created.status, created.body.message]).toEqual([host, 400, message]);
        expect([host, changed.status, changed.body.message]).toEqual([host, 400, message]);
      }
      for (const host of ['8.8.8.8', '[2606:4700::1111]', 'localhost.example.com', 'mylocalhost', 'a.de.']) {
        const body = { url: `https://${host}/` };
        expect((await strictly.call('PATCH', `/api/webhooks/${id}`, { body })).status).toBe(200);
      }
    } finally {
      await strict.app.close();
    }
  });

  it('is not there without a key for the secrets', async () => {
    const without = await startService({ webhookSecretKey: undefined });
    try {
      const { status, body } = await (await makeWebhookAccount(without)).call('GET', '/api/webhooks');
      expect([status, body.message]).toEqual([404, 'Route GET:/api/webhooks not found']);
    } finally {
      await without.app.close();
    }
  });
});
