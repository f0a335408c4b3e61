import { getEventListeners } from 'node:events';
import { WebhookSender } from '../../src/webhooks/delivery/webhook-sender';
import { WebhooksService } from '../../src/webhooks/webhooks.service';
import { startService, useService } from '../support/service';
import { makeWebhook, makeWebhookAccount, Receiver, type Reply } from '../support/webhooks';

describe('A receiver of webhooks', () => {
  const service = useService();

  async function answerTo(reply: Reply): Promise<any> {
    const receiver = await Receiver.start(reply);
    const account = await makeWebhookAccount(service);
    const { id } = await makeWebhook(account, { url: receiver.url });
    const { status, body } = await account.call('POST', `/api/webhooks/${id}/test`);
    await receiver.close();
    expect(status).toBe(200);
    return body;
  }

  it('that resets the connection has not answered', async () => {
    const body = await answerTo(({ socket }) => void socket.resetAndDestroy());
    expect(body).toMatchObject({ status_code: null, error: expect.stringMatching(/^The connection was/) });
  });

  it('that sends headers without end has not answered', async () => {
    const body = await answerTo((_, response) => void response.setHeader('x-long', 'x'.repeat(100_000)).end());
    expect(body).toMatchObject({ status_code: null, error: 'The headers of the answer are too large' });
  });

  it('that sends an endless answer is cut off', async () => {
    let written = 0;
    const block = Buffer.alloc(64 * 1024, 'x');
    const body = await answerTo((_, response) => {
      const write = () => {
        while (!response.destroyed && response.write(block)) written += block.length;
      };
      response.on('drain', write).on('error', () => undefined);
      write();
    });
    expect(body).toMatchObject({ status_code: 200, error: null });
    expect(written).toBeLessThan(50 * 1024 * 1024);
  });

  it('that never answers, or drips its headers, has 15 seconds', async () => {
    const drip: Reply = ({ socket }) => {
      const timer = setInterval(() => socket.write('H'), 500);
      socket.on('close', () => clearInterval(timer)).on('error', () => undefined);
    };
    const bodies = await Promise.all([answerTo(() => undefined), answerTo(drip)]);
    expect(bodies[0]).toMatchObject({ status_code: null, error: 'No answer within 15 seconds' });
    expect(bodies[1].status_code).toBeNull();
  }, 40_000);

  it('leaves nothing behind at the signal that ends all requests', async () => {
    const receiver = await Receiver.start();
    const account = await makeWebhookAccount(service);
    const { id } = await makeWebhook(account, { url: receiver.url });
    const webhook = await service.app.get(WebhooksService).get(account.seller.id, id);
    const stop = new AbortController();
    const listen = jest.spyOn(stop.signal, 'addEventListener');
    await service.app.get(WebhookSender).send(webhook, { id, body: '{}' }, stop.signal);
    expect(listen).toHaveBeenCalled();
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    await receiver.close();
  });

  it('at a private address gets no connection', async () => {
    const receiver = await Receiver.start();
    const strict = await startService({ webhookAllowPrivate: false });
    try {
      const account = await makeWebhookAccount(strict);
      const { id } = await makeWebhook(account, { url: receiver.url.replace('http:', 'https:') });
      const { body } = await account.call('POST', `/api/webhooks/${id}/test`);
      expect(body).toMatchObject({ status_code: null, error: 'The address is not a public one' });
      // As one that was made where plain HTTP is allowed.
      await account.sql('UPDATE webhooks SET url = $2 WHERE id = $1', [id, receiver.url]);
      const { body: plain } = await account.call('POST', `/api/webhooks/${id}/test`);
      expect(plain).toMatchObject({ status_code: null, error: 'Only https is allowed' });
      expect(receiver.received).toEqual([]);
    } finally {
      await strict.app.close();
      await receiver.close();
    }
  });
});
