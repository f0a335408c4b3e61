import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { WebhookSender } from '../../src/webhooks/delivery/webhook-sender';
import { WebhooksService } from '../../src/webhooks/webhooks.service';
import { startService, useService } from '../support/service';
import { answerTo, makeWebhook, makeWebhookAccount, Receiver } from '../support/webhooks';

describe('A receiver of webhooks', () => {
  const service = useService();

  it('that resets the connection has not answered', async () => {
    const body = await answerTo(service, ({ socket }) => void socket.resetAndDestroy());
    expect(body).toMatchObject({ status_code: null, error: expect.stringMatching(/^The connection was/) });
  });

  it('that sends headers without end has not answered', async () => {
    const body = await answerTo(service, (_, response) => void response.setHeader('x-long', 'x'.repeat(100_000)).end());
    expect(body).toMatchObject({ status_code: null, error: 'The headers of the answer are too large' });
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['no status', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
  ])('that sends %s has not answered', async (_, answer) => {
    const body = await answerTo(service, ({ socket }) => void socket.end(answer));
    expect(body).toMatchObject({ status_code: null, error: 'The answer is not valid HTTP' });
  });

  const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK';
  it.each([
    ['100 Continue', [`HTTP/1.1 100 Continue\r\n\r\n${OK}`]],
    ['it twice, with a field', [`HTTP/1.1 100\r\nx: y\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}`]],
    ['it byte by byte', `HTTP/1.1 100 Continue\r\n\r\n${OK}`.split('')],
    ['it alone at first', ['HTTP/1.1 100 Continue\r\n\r\n', OK]],
    ['other interim answers', [`HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${OK}`]],
    [
      '100 Continue after another',
      [`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}`],
    ],
    ['several byte by byte', `HTTP/1.1 103\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 102\r\nx: y\r\n\r\n${OK}`.split('')],
    ['very many', ['HTTP/1.1 100\n\n'.repeat(20_000), OK]],
    ['none', [OK]],
  ])('that sends %s before its answer has answered', async (_, parts) => {
    const send = async (socket: Socket) => {
      for (const part of parts) {
        socket.write(part);
        await new Promise(setImmediate);
      }
    };
    expect(await answerTo(service, ({ socket }) => void send(socket))).toMatchObject({ status_code: 200, error: null });
  });

  it('that switches protocols unasked has not answered', async () => {
    const answer = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    const body = await answerTo(service, ({ socket }) => void socket.end(answer));
    expect(body).toMatchObject({ status_code: null, error: 'The connection was closed' });
  });

  it('that answers 304 has not sent a redirect', async () => {
    const body = await answerTo(service, (_, response) => void response.writeHead(304).end());
    expect(body).toMatchObject({ status_code: 304, error: 'The receiver answered with status 304' });
  });

  it('that sends an endless answer is cut off', async () => {
    let written = 0;
    const block = Buffer.alloc(64 * 1024, 'x');
    const body = await answerTo(service, (_, response) => {
      const write = () => {
        while (!response.destroyed && response.write(block)) written += block.length;
      };
      response.on('drain', write).on('error', () => undefined);
      write();
    });
    expect(body).toMatchObject({ status_code: 200, error: null });
    expect(written).toBeLessThan(50 * 1024 * 1024);
  });

  it('that hangs can be tested three times at once by a seller', async () => {
    const held: ServerResponse[] = [];
    const receiver = await Receiver.start((_, response) => void held.push(response));
    const account = await makeWebhookAccount(service);
    const { id } = await makeWebhook(account, { url: receiver.url });
    const test = () => account.call('POST', `/api/webhooks/${id}/test`);
    const running = [test(), test(), test()];
    await receiver.waitFor(3);
    const { status, headers, body } = await test();
    const seconds = Number(headers.get('retry-after'));
    expect([status, body.message]).toEqual([429, `Rate limit exceeded, retry in ${seconds} seconds`]);
    expect([seconds >= 1, seconds <= 15]).toEqual([true, true]);
    held.splice(0).forEach((response) => response.end());
    expect((await Promise.all(running)).map((answer) => answer.body.status_code)).toEqual([200, 200, 200]);
    const another = test();
    await receiver.waitFor(4);
    held[0]?.end();
    expect((await another).status).toBe(200);
    await receiver.close();
  });

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
      const { id } = await makeWebhook(account, { url: 'https://receiver.example.com/' });
      // As one that was made where private addresses are allowed.
      const setUrl = (url: string) => account.sql('UPDATE webhooks SET url = $2 WHERE id = $1', [id, url]);
      await setUrl(receiver.url.replace('http:', 'https:'));
      const { body } = await account.call('POST', `/api/webhooks/${id}/test`);
      expect(body).toMatchObject({ status_code: null, error: 'The address is not a public one' });
      await setUrl(receiver.url);
      const { body: plain } = await account.call('POST', `/api/webhooks/${id}/test`);
      expect(plain).toMatchObject({ status_code: null, error: 'Only https is allowed' });
      expect(receiver.received).toEqual([]);
    } finally {
      await strict.app.close();
      await receiver.close();
    }
  });
});
