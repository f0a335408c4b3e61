import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scope } from '../../src/api-keys/scopes';
import type { WebhookWithSecretDto } from '../../src/webhooks/dto/webhook.dto';
import { type CreateWebhookDto } from '../../src/webhooks/dto/webhook.dto';
import type { DeliveryStatus } from '../../src/webhooks/webhook.entity';
import { WebhooksService } from '../../src/webhooks/webhooks.service';
import { waitForFeed } from './events';
import { type Account, makeAccount } from './factories';
import type { Service } from './service';

export const WEBHOOK_SCOPES: Scope[] = ['customers:read', 'customers:write', 'webhooks:manage'];

/** A seller with a key that may manage webhooks. */
export function makeWebhookAccount(service: Service): Promise<Account> {
  return makeAccount(service, { scopes: WEBHOOK_SCOPES });
}

/** Gets events from now on, whatever the account's key may do. Nobody receives what is sent, unless told otherwise. */
export async function makeWebhook(
  account: Account,
  members: Partial<CreateWebhookDto> = {},
): Promise<WebhookWithSecretDto> {
  await waitForFeed(account);
  const { webhook, secret } = await account.service.app
    .get(WebhooksService)
    .create(account.seller.id, { url: 'http://127.0.0.1:9/hook', ...members });
  return { ...webhook, secret } as unknown as WebhookWithSecretDto;
}

/** A webhook with a delivery that has the same id, so that one id fits all its routes. */
export async function makeWebhookWithDelivery(account: Account): Promise<WebhookWithSecretDto> {
  const webhook = await makeWebhook(account);
  await account.sql(
    `INSERT INTO webhook_deliveries
            (seller_id, webhook_id, event_id, event_type, customer_id, version, position, next_attempt_at, created_at)
     VALUES ($1, $2, $2, 'customer.updated', $2, 1, 0, now(), now())`,
    [account.seller.id, webhook.id],
  );
  return webhook;
}

/** Deliveries of a webhook that are over, all made at one time, after those that are there. A large one has as many attempts, and as long ones, as are ever kept. */
export async function makeDeliveries(
  account: Account,
  webhookId: string,
  { count, status = 'succeeded', large = false }: { count: number; status?: DeliveryStatus; large?: boolean },
): Promise<void> {
  // No text takes more room in JSON.
  const response = '\u0001'.repeat(1024);
  const attempt = {
    attempted_at: new Date().toISOString(),
    status_code: 500,
    duration_ms: 15_000,
    error: 'x',
    response,
  };
  const attempts = JSON.stringify(large ? Array(20).fill(attempt) : []);
  await account.sql(
    `INSERT INTO webhook_deliveries (seller_id, webhook_id, event_id, event_type, customer_id, version, position, status,
                                     attempts, next_attempt_at, created_at)
     SELECT $1, $2, gen_random_uuid(), 'customer.updated', gen_random_uuid(), 1, 0, $4, $5::jsonb, now(),
            GREATEST(now(), (SELECT max(created_at) + interval '1 millisecond' FROM webhook_deliveries
                              WHERE seller_id = $1 AND webhook_id = $2))
       FROM generate_series(1, $3::int)`,
    [account.seller.id, webhookId, count, status, attempts],
  );
}

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  at: number;
}

export type Reply = (request: IncomingMessage, response: ServerResponse, received: Received[]) => void;

/** A receiver of webhooks in this process, on loopback. */
export class Receiver {
  readonly received: Received[] = [];

  private constructor(
    readonly url: string,
    private readonly end: () => Promise<void>,
  ) {}

  /** Answers 200 unless told otherwise. */
  static async start(reply: Reply = (_, response) => void response.end('OK')): Promise<Receiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        receiver.received.push({ path: request.url ?? '', headers: request.headers, body, at: Date.now() });
        reply(request, response, receiver.received);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const receiver = new Receiver(`http://127.0.0.1:${port}/hook`, async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    });
    return receiver;
  }

  get events(): any[] {
    return this.received.map(({ body }) => JSON.parse(body));
  }

  /** Until so many requests have come. */
  async waitFor(count: number): Promise<void> {
    await until(() => this.received.length >= count);
  }

  close(): Promise<void> {
    return this.end();
  }
}

/** How a test of a webhook ends whose receiver replies so. */
export async function answerTo(service: Service, reply: Reply): Promise<any> {
  const receiver = await Receiver.start(reply);
  const account = await makeWebhookAccount(service);
  const { id } = await makeWebhook(account, { url: receiver.url });
  const { status, body } = await account.call('POST', `/api/webhooks/${id}/test`);
  await receiver.close();
  expect(status).toBe(200);
  return body;
}

/** Gives up with the test, by its own time limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}

/** Moves the clock for the deliveries of a webhook: all its times lie further back. */
export async function letTimePass(account: Account, webhookId: string, interval: string): Promise<void> {
  const values = [account.seller.id, webhookId, interval];
  await account.sql(
    `UPDATE webhook_deliveries SET next_attempt_at = next_attempt_at - $3::interval, created_at = created_at - $3::interval
      WHERE seller_id = $1 AND webhook_id = $2`,
    values,
  );
  await account.sql(
    `UPDATE webhooks SET failing_since = failing_since - $3::interval, last_failed_at = last_failed_at - $3::interval,
            previous_secret_expires_at = previous_secret_expires_at - $3::interval
      WHERE seller_id = $1 AND id = $2`,
    values,
  );
}

/** The deliveries of a webhook, newest first, once `holds` is true of them. */
export async function deliveriesOf(
  account: Account,
  webhookId: string,
  holds: (deliveries: any[]) => boolean = () => true,
): Promise<any[]> {
  let data: any[] = [];
  await until(async () => {
    ({ data } = (await account.call('GET', `/api/webhooks/${webhookId}/deliveries?limit=100`)).body);
    return holds(data);
  });
  return data;
}

/** Why attempts to tell one of the receivers failed, each reason once. */
export async function errorsOf(account: Account, { url }: Receiver): Promise<string[]> {
  const rows = await account.sql(
    `SELECT DISTINCT attempt ->> 'error' AS error
       FROM webhook_deliveries AS delivery JOIN webhooks AS webhook ON webhook.id = delivery.webhook_id
      CROSS JOIN jsonb_array_elements(attempts) AS attempt
      WHERE webhook.url LIKE $1 || '%' AND attempt ->> 'error' IS NOT NULL`,
    [url],
  );
  return rows.map(({ error }) => error);
}

/** From each change to its arrival, in milliseconds. */
export function lagsOf(received: Received[]): number[] {
  return received.map(({ at, body }) => at - Date.parse(JSON.parse(body).data.created_at));
}

/** Receivers of the tests of a file. After each test nothing is sent to them any more. */
export function useReceivers(account: () => Account): (reply?: Reply) => Promise<Receiver> {
  const started: Receiver[] = [];
  afterEach(async () => {
    await account().sql(`UPDATE webhooks SET status = 'disabled'`);
    await Promise.all(started.splice(0).map((receiver) => receiver.close()));
  });
  return async (reply) => {
    const receiver = await Receiver.start(reply);
    started.push(receiver);
    return receiver;
  };
}
