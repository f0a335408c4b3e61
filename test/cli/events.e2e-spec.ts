import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { makeAccount } from '../support/factories';
import { cli } from '../support/process';
import { databaseUrl, useService } from '../support/service';
import { followEvents } from '../support/events';

const NOBODY = '550e8400-e29b-41d4-a716-446655440000';

describe('customers-cli events tail', () => {
  const service = useService();

  it('goes on with what happens, until it is interrupted', async () => {
    const account = await makeAccount(service);
    const before = await account.makeCustomer();
    const args = ['dist/src/cli/main.js', 'events', 'tail', '--seller', account.seller.id];
    const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl() } });
    try {
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const next = async () => JSON.parse((await lines.next()).value);
      expect(await next()).toMatchObject({ customer_id: before.id });
      for (const first_name of ['Ann', 'Eve']) {
        await account.patch(before.id, { first_name });
        expect(await next()).toMatchObject({ type: 'customer.updated', customer: { first_name } });
      }
      let stderr = '';
      child.stderr.on('data', (text) => (stderr += text));
      child.kill('SIGINT');
      expect(await once(child, 'close')).toEqual([0, null]);
      expect(stderr).toMatch(/^Go on with --after \S+\n$/);
    } finally {
      child.kill('SIGKILL');
    }
  }, 60_000);

  it('ends when nobody reads any more', async () => {
    const account = await makeAccount(service);
    for (let i = 0; i < 3; i++) await account.makeCustomer();
    await followEvents(account, 3);
    const command = `node dist/src/cli/main.js events tail --seller ${account.seller.id} | head -n 1`;
    const adding = setInterval(() => void account.makeCustomer(), 100);
    const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl() };
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command], { env });
    clearInterval(adding);
    expect([JSON.parse(stdout), stderr]).toEqual([expect.any(Object), '']);
  }, 60_000);

  it('ends when nobody reads any more, also without another event', async () => {
    const account = await makeAccount(service);
    await account.makeCustomer();
    await followEvents(account, 1);
    const command = `node dist/src/cli/main.js events tail --seller ${account.seller.id} | head -n 1`;
    const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl() };
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command], { env });
    expect([JSON.parse(stdout), stderr]).toEqual([expect.any(Object), '']);
  }, 60_000);

  it.each([
    [['events', 'tail', '--seller', NOBODY], /^Seller not found\n$/],
    [['events', 'tail', '--seller', NOBODY, '--after', 'x'], /not a next_cursor of the feed/],
    [['events', 'tail', '--seller', NOBODY, '--type', 'customer.lost'], /Known types are customer\.created, /],
    [['webhooks', 'list', '--seller', NOBODY], /^Seller not found\n$/],
    [['webhooks', 'replay', '--seller', NOBODY, NOBODY], /required option '--after <cursor>' not specified/],
    [['webhooks', 'test', '--seller', NOBODY, NOBODY], /^Webhook not found\n$/],
  ])('%j fails with one sentence', async (args, sentence) => {
    const env = { DATABASE_URL: databaseUrl(), WEBHOOK_SECRET_KEY: '0'.repeat(64) };
    const { code, stdout, stderr } = await cli(args, env);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(sentence) });
  });
});
