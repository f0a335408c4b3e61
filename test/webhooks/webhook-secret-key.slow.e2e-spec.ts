import { Webhook } from 'standardwebhooks';
import { withDatabase } from '../support/database';
import { request } from '../support/http';
import { ServiceProcess } from '../support/process';
import { startService } from '../support/service';
import { makeWebhook, makeWebhookAccount, Receiver } from '../support/webhooks';

const [OLD_KEY, NEW_KEY] = ['0'.repeat(64), '1'.repeat(64)];

describe('A WEBHOOK_SECRET_KEY that was changed', () => {
  it(
    'is named at the start, and the secrets of webhooks can be rotated to it',
    () =>
      withDatabase(async (databaseUrl) => {
        const before = await startService({ databaseUrl, webhookSecretKey: OLD_KEY });
        const receiver = await Receiver.start();
        const account = await makeWebhookAccount(before);
        const { id } = await makeWebhook(account, { url: receiver.url });
        const customer = await account.makeCustomer();
        const env = { DATABASE_URL: databaseUrl, WEBHOOK_ALLOW_PRIVATE: 'true', LOG_LEVEL: 'info' };
        const after = ServiceProcess.start([], { ...env, WEBHOOK_SECRET_KEY: NEW_KEY });
        try {
          const url = await after.url();
          await after.prints(/WEBHOOK_SECRET_KEY can't decrypt the secrets of 1 of 1 enabled webhooks/);
          const send = (method: string, path: string) =>
            request(method, `${url}/api/webhooks/${id}${path}`, { key: account.key });
          const tested = await send('POST', '/test');
          expect([tested.status, tested.body]).toEqual([
            200,
            { status_code: null, duration_ms: 0, error: 'The secret can not be decrypted any more: rotate it' },
          ]);
          expect(receiver.received).toEqual([]);
          const { secret } = (await send('POST', '/rotate-secret')).body;
          await receiver.waitFor(1);
          const [message] = receiver.received;
          expect(new Webhook(secret).verify(message?.body ?? '', message?.headers as never)).toMatchObject({
            data: { customer_id: customer.id },
          });
        } finally {
          await after.end('SIGTERM');
          await receiver.close();
          await before.app.close();
        }
      }),
    60_000,
  );
});
