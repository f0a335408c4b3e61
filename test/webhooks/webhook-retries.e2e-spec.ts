import type { Account } from '../support/factories';
import { useServiceWithDatabase } from '../support/database';
import {
  deliveriesOf,
  letTimePass,
  makeWebhook,
  makeWebhookAccount,
  type Receiver,
  type Reply,
  until,
  useReceivers,
} from '../support/webhooks';

describe('Deliveries that fail', () => {
  const service = useServiceWithDatabase({ webhookWorkers: 20 });
  let account: Account;
  const receive = useReceivers(() => account);

  beforeEach(async () => void (account = await makeWebhookAccount(service)));

  it('are tried again after 5 s, 5 min, … until the tenth attempt has failed', async () => {
    const receiver = await receive((_, response) => void response.writeHead(500).end('x'.repeat(3000)));
    const { id } = await makeWebhook(account, { url: receiver.url });
    await account.makeCustomer();
    for (const [index, seconds] of [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400].entries()) {
      const [delivery] = await deliveriesOf(account, id, ([one]) => one?.attempts.length === index + 1);
      const due = (Date.parse(delivery.next_attempt_at) - Date.parse(delivery.attempts.at(-1).attempted_at)) / 1000;
      expect(due).toBeGreaterThan(seconds * 0.9 - 1);
      expect(due).toBeLessThan(seconds * 1.1 + 5);
      await letTimePass(account, id, `${seconds * 1.1} s`);
    }
    const [delivery] = await deliveriesOf(account, id, ([one]) => one.status !== 'pending');
    expect(delivery).toMatchObject({ status: 'failed', next_attempt_at: null });
    expect(delivery.attempts).toHaveLength(10);
    expect(delivery.attempts[9]).toMatchObject({
      status_code: 500,
      error: 'The receiver answered with status 500',
      response: 'x'.repeat(1024),
    });
    expect(receiver.received).toHaveLength(10);
    expect((await account.call('GET', `/api/webhooks/${id}`)).body.status).toBe('enabled');

    const retried = await account.call('POST', `/api/webhooks/${id}/deliveries/${delivery.event_id}/retry`);
    expect([retried.status, retried.body.status]).toEqual([202, 'pending']);
    await receiver.waitFor(11);
  }, 60_000);

  it.each([
    ['as seconds', 120, () => '120'],
    ['as more than a day', 86_400, () => '604800'],
    ['as a date', 600, () => new Date(Date.now() + 600_000).toUTCString()],
  ])('honour Retry-After %s', async (_, seconds, value) => {
    const receiver = await receive((_, response) => void response.writeHead(503, { 'retry-after': value() }).end());
    const { id } = await makeWebhook(account, { url: receiver.url });
    await account.makeCustomer();
    const [{ next_attempt_at, attempts }] = await deliveriesOf(account, id, ([one]) => one?.attempts.length === 1);
    const due = (Date.parse(next_attempt_at) - Date.parse(attempts[0].attempted_at)) / 1000;
    expect(Math.abs(due - seconds)).toBeLessThan(10);
  });

  it('disable a webhook whose receiver is gone for good', async () => {
    const receiver = await receive((_, response) => void response.writeHead(410).end());
    const { id } = await makeWebhook(account, { url: receiver.url });
    await account.makeCustomer();
    await until(async () => (await account.call('GET', `/api/webhooks/${id}`)).body.status === 'disabled');
    expect(await deliveriesOf(account, id)).toMatchObject([{ status: 'failed', attempts: [{ status_code: 410 }] }]);
  });

  it('disable a webhook that has failed for five days, and go on where they were when it is enabled', async () => {
    let status = 500;
    const receiver = await receive((_, response) => void response.writeHead(status).end());
    const { id } = await makeWebhook(account, { url: receiver.url });
    await account.makeCustomer();
    await deliveriesOf(account, id, ([one]) => one?.attempts.length === 1);
    await letTimePass(account, id, '4 days 23 h');
    await deliveriesOf(account, id, ([one]) => one.attempts.length === 2);
    expect((await account.call('GET', `/api/webhooks/${id}`)).body.status).toBe('enabled');
    await letTimePass(account, id, '2 h');
    await until(async () => (await account.call('GET', `/api/webhooks/${id}`)).body.status === 'disabled');
    await account.makeCustomer();
    status = 200;
    await account.call('PATCH', `/api/webhooks/${id}`, { body: { status: 'enabled' } });
    await letTimePass(account, id, '1 day');
    await deliveriesOf(account, id, (all) => all.filter(({ status }) => status === 'succeeded').length === 2);
  });

  it.each<[string, (id: string, other: Receiver) => Promise<unknown>]>([
    ['a success of a test', (id) => account.call('POST', `/api/webhooks/${id}/test`)],
    ['a new address', (id, { url }) => account.call('PATCH', `/api/webhooks/${id}`, { body: { url } })],
    ['five days without a failure', (id) => letTimePass(account, id, '1 day')],
  ])('do not disable a webhook for failures before %s', async (_, end) => {
    const refuses: Reply = (request, response, received) => {
      const isTest = JSON.parse(received.at(-1)?.body ?? '').type === 'webhook.test';
      response.writeHead(isTest ? 200 : 500).end();
    };
    const [receiver, other] = [await receive(refuses), await receive(refuses)];
    const { id } = await makeWebhook(account, { url: receiver.url });
    await account.makeCustomer();
    const failure = () =>
      until(async () => {
        const found = `SELECT FROM webhooks WHERE id = $1 AND last_failed_at > now() - interval '1 minute'`;
        return (await account.sql(found, [id])).length > 0;
      });
    await failure();
    await account.sql(`UPDATE webhook_deliveries SET status = 'failed'`);
    await letTimePass(account, id, '4 days 12 h');
    await end(id, other);
    await letTimePass(account, id, '1 day');
    await account.makeCustomer();
    await failure();
    expect((await account.call('GET', `/api/webhooks/${id}`)).body.status).toBe('enabled');
  });

  it('do not follow redirects', async () => {
    const other = await receive();
    const receiver = await receive((_, response) => void response.writeHead(307, { location: other.url }).end());
    const { id } = await makeWebhook(account, { url: receiver.url });
    await account.makeCustomer();
    const [{ status, attempts }] = await deliveriesOf(account, id, ([one]) => one?.attempts.length === 1);
    expect([status, attempts[0].status_code, attempts[0].error]).toEqual([
      'pending',
      307,
      'Redirects are not followed',
    ]);
    expect(other.received).toEqual([]);
  });
});
