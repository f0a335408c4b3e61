import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { followEvents } from '../support/events';
import { makeAccount } from '../support/factories';
import { cli } from '../support/process';
import { databaseUrl, useService } from '../support/service';
import { makeWebhook, makeWebhookAccount, Receiver } from '../support/webhooks';

const ENV = { WEBHOOK_SECRET_KEY: '0'.repeat(64), WEBHOOK_ALLOW_PRIVATE: 'true' };

/** Sends the signal as soon as the command waits for it. */
const INTERRUPT_AT_ONCE = `data:text/javascript,${encodeURIComponent(
  `process.on('newListener', (name) => name === 'SIGINT' && setImmediate(() => process.kill(process.pid, 'SIGINT')))`,
)}`;

const run = (args: string[], env: NodeJS.ProcessEnv = ENV) => cli(args, { DATABASE_URL: databaseUrl(), ...env });
const eventsIn = (stdout: string) =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe('customers-cli events tail, run again', () => {
  const service = useService();

  it('prints the feed as the API shows it, and says where to go on', async () => {
    const account = await makeAccount(service);
    const [one, two] = [await account.makeCustomer(), await account.makeCustomer()];
    await account.patch(one.id, { first_name: 'Zoë\u2028' });
    const feed = await followEvents(account, 3);
    const tail = (...args: string[]) =>
      run(['events', 'tail', '--seller', account.seller.id, '--no-follow', ...args], {});
    const all = await tail();
    expect(eventsIn(all.stdout)).toEqual(feed);
    const [, cursor = ''] = /^Go on with --after (\S+)\n$/.exec(all.stderr) ?? [];
    await account.call('DELETE', `/api/customers/${two.id}`);
    await followEvents(account, 3);
    expect(eventsIn((await tail('--after', cursor)).stdout)).toMatchObject([{ type: 'customer.deleted' }]);
    expect(eventsIn((await tail('--customer', one.id)).stdout)).toHaveLength(2);
    expect(eventsIn((await tail('--type', 'customer.updated, customer.deleted')).stdout)).toHaveLength(2);
    expect(eventsIn((await tail('--after', 'latest')).stdout)).toEqual([]);
  }, 60_000);

  it.each([[[]], [['--after', 'latest']]])(
    'says where to go on when it is interrupted at once (%j)',
    async (options) => {
      const account = await makeAccount(service);
      await account.makeCustomer();
      await followEvents(account, 1);
      const args = ['dist/src/cli/main.js', 'events', 'tail', '--seller', account.seller.id, ...options];
      const env = {
        PATH: process.env.PATH,
        DATABASE_URL: databaseUrl(),
        NODE_OPTIONS: `--import ${INTERRUPT_AT_ONCE}`,
      };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
      const [, cursor = ''] = /^Go on with --after (\S+)\n$/.exec(stderr) ?? [];
      const rest = await run(['events', 'tail', '--seller', account.seller.id, '--no-follow', '--after', cursor]);
      const isAll = options.length === 0;
      expect([...eventsIn(stdout), ...eventsIn(rest.stdout)]).toHaveLength(isAll ? 1 : 0);
    },
    60_000,
  );
});

describe('customers-cli webhooks', () => {
  const service = useService();

  it('lists webhooks, without their secrets', async () => {
    const account = await makeWebhookAccount(service);
    const of = ['--seller', account.seller.id];
    expect((await run(['webhooks', 'list', ...of])).stdout).toBe('The seller has no webhooks.\n');
    const { secret, id, url } = await makeWebhook(account, { event_types: ['customer.deleted'], description: 'CRM' });
    const { stdout } = await run(['webhooks', 'list', ...of]);
    expect(stdout).toBe(`${id}  enabled  ${url}  customer.deleted  CRM\n`);
    const { data } = JSON.parse((await run(['webhooks', 'list', ...of, '--json'])).stdout);
    expect({ data }).toEqual((await account.call('GET', '/api/webhooks')).body);
    expect(JSON.stringify(data)).not.toContain(secret);
  }, 60_000);

  it('tries a webhook, and fails when that is no success', async () => {
    let status = 204;
    const receiver = await Receiver.start((_, response) => void response.writeHead(status).end());
    try {
      const account = await makeWebhookAccount(service);
      const { id, secret } = await makeWebhook(account, { url: receiver.url });
      const test = (...args: string[]) => run(['webhooks', 'test', '--seller', account.seller.id, id, ...args]);
      expect(await test()).toMatchObject({ code: 0, stdout: expect.stringMatching(/answered 204 after \d+ ms\.\n$/) });
      const { headers, body } = receiver.received[0] ?? {};
      expect(new Webhook(secret).verify(body ?? '', headers as Record<string, string>)).toMatchObject({
        type: 'webhook.test',
      });
      status = 500;
      const { code, stdout } = await test('--json');
      expect([code, JSON.parse(stdout)]).toEqual([
        1,
        { status_code: 500, duration_ms: expect.any(Number), error: 'The receiver answered with status 500' },
      ]);
      const without = await run(['webhooks', 'test', '--seller', account.seller.id, id], {});
      expect(without).toMatchObject({
        code: 1,
        stderr: 'There are no webhooks, as WEBHOOK_SECRET_KEY is not set.\n',
      });
    } finally {
      await receiver.close();
    }
  }, 60_000);

  it('has everything after a cursor sent again', async () => {
    const account = await makeWebhookAccount(service);
    await account.makeCustomer();
    await followEvents(account, 1);
    const { id } = await makeWebhook(account);
    const { next_cursor } = (await account.call('GET', '/api/events?after=latest')).body;
    const oldest = Buffer.from(`0:${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}:0`).toString('base64url');
    const replay = (after: string) =>
      run(['webhooks', 'replay', '--seller', account.seller.id, '--after', after, id, '--json']);
    const cursor = async () =>
      (await account.sql('SELECT cursor_position FROM webhooks WHERE id = $1', [id]))[0]?.cursor_position;
    const before = await cursor();
    expect(JSON.parse((await replay(next_cursor)).stdout)).toMatchObject({ id });
    expect(await cursor()).toBe(before);
    expect((await replay(oldest)).code).toBe(0);
    expect(await cursor()).toBe('0');
  }, 60_000);
});
