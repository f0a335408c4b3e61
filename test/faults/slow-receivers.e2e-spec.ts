import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveringInstance } from '../support/delivering-instance';
import { useServiceWithDatabase } from '../support/database';
import { lagsOf, makeWebhook, makeWebhookAccount, Receiver, until } from '../support/webhooks';

const SELLERS = 23;
const WEBHOOKS_OF_SELLER = 3;
const SLOW_MS = 13_500;
const VICTIM_MS = 1300;
const EVENTS = 40;

/** What the events of others may take from their change. */
const MAX_LAG_MS = 3000;

describe('Receivers of 23 sellers, 69 that take 13.5 seconds and 69 that hang', () => {
  const service = useServiceWithDatabase();
  const receivers: Receiver[] = [];
  let instance: DeliveringInstance | undefined;

  afterAll(async () => {
    await instance?.end('SIGKILL');
    for (const receiver of receivers) await receiver.close();
  });

  async function answerAfter(ms: number): Promise<Receiver> {
    const receiver = await Receiver.start((_, response) => void setTimeout(() => response.writeHead(204).end(), ms));
    receivers.push(receiver);
    return receiver;
  }

  /** A seller with one customer, and webhooks whose last request ended with the result. */
  async function makeSeller(results: ('slow' | 'hung')[], urlOf: (result: string) => string) {
    const account = await makeWebhookAccount(service);
    for (const result of results) {
      const { id } = await makeWebhook(account, { url: urlOf(result) });
      const values = [account.seller.id, id, result];
      await account.sql('UPDATE webhooks SET last_result = $3 WHERE seller_id = $1 AND id = $2', values);
    }
    const { id } = await account.makeCustomer();
    return { account, change: (number: number) => account.patch(id, { first_name: `Name ${number}` }) };
  }

  it('do not delay a receiver of 1.3 seconds, nor one that hung once', async () => {
    const [slow, victim, healthy] = [await answerAfter(SLOW_MS), await answerAfter(VICTIM_MS), await answerAfter(0)];
    const dead = await Receiver.start(() => undefined);
    receivers.push(dead);
    const results = Array.from({ length: WEBHOOKS_OF_SELLER }, () => ['slow', 'hung'] as const).flat();
    for (let i = 0; i < SELLERS; i++) {
      const { change } = await makeSeller(results, (result) => (result === 'slow' ? slow : dead).url);
      for (let i = 0; i < 20; i++) await change(i);
    }
    instance = await DeliveringInstance.start(service.databaseUrl);
    const isBusy = `SELECT count(DISTINCT webhook_id)::int AS count FROM webhook_deliveries`;
    const { change } = await makeSeller(['slow'], () => victim.url);
    const other = await makeSeller(['hung'], () => healthy.url);
    await until(async () => (await other.account.sql(isBusy))[0]?.count > SELLERS * results.length);
    const memoryBefore = await instance.memoryMb();
    await other.change(0);
    for (let i = 0; i < EVENTS; i++) {
      await change(i);
      await sleep(1000);
    }
    await victim.waitFor(EVENTS + 1);
    await healthy.waitFor(2);
    const lags = [victim, healthy].map(({ received }) => Math.max(...lagsOf(received)));
    const figures = { lags, slow: slow.received.length, dead: dead.received.length, memoryBefore };
    process.stdout.write(`Deliveries beside slow receivers: ${JSON.stringify(figures)}\n`);
    expect(lags.filter((lag) => lag > MAX_LAG_MS)).toEqual([]);
  }, 110_000);
});
