import { DeliveringInstance } from '../support/delivering-instance';
import { useServiceWithDatabase } from '../support/database';
import type { Account } from '../support/factories';
import { lagsOf, makeWebhook, makeWebhookAccount, Receiver, until } from '../support/webhooks';

const SELLERS = 24;
const WEBHOOKS_OF_SELLER = 3;
const HANGING = SELLERS * WEBHOOKS_OF_SELLER;

/** What the events of others may take from their change. */
const MAX_LAG_MS = 1000;

/** A seller with one customer and one webhook to a receiver of its own. */
interface Other {
  account: Account;
  customerId: string;
  receiver: Receiver;
}

describe('Receivers that hang, 72 of 24 sellers', () => {
  const service = useServiceWithDatabase();
  const receivers: Receiver[] = [];
  const instances: DeliveringInstance[] = [];
  let changes = 0;

  afterAll(async () => {
    for (const instance of instances) await instance.end('SIGKILL');
    for (const receiver of receivers) await receiver.close();
  });

  async function start(): Promise<void> {
    await instances.at(-1)?.end();
    instances.push(await DeliveringInstance.start(service.databaseUrl));
  }

  async function makeOther(firstStatus = 200): Promise<Other> {
    const account = await makeWebhookAccount(service);
    const receiver = await Receiver.start((_, response, received) => {
      response.writeHead(received.length === 1 ? firstStatus : 200).end();
    });
    receivers.push(receiver);
    const { id: customerId } = await account.makeCustomer();
    await makeWebhook(account, { url: receiver.url });
    return { account, customerId, receiver };
  }

  /** From a change to its arrival, in milliseconds. */
  async function lagOf({ account, customerId, receiver }: Other): Promise<number> {
    const name = `Name ${++changes}`;
    expect((await account.patch(customerId, { first_name: name })).status).toBe(200);
    const arrived = () => receiver.received.filter(({ body }) => JSON.parse(body).data.customer.first_name === name);
    await until(() => arrived().length > 0);
    return Math.max(...lagsOf(arrived()));
  }

  it('do not delay what other sellers are sent, also after a restart', async () => {
    const [good, failed] = [await makeOther(), await makeOther(500)];
    await start();
    await Promise.all([good, failed].map(lagOf));
    const dead = await Receiver.start(() => undefined);
    receivers.push(dead);
    const isTold = `SELECT count(*)::int AS count FROM webhooks WHERE failing_since IS NOT NULL AND url = $1`;
    for (let i = 0; i < SELLERS; i++) {
      const account = await makeWebhookAccount(service);
      for (let i = 0; i < WEBHOOKS_OF_SELLER; i++) await makeWebhook(account, { url: dead.url });
      for (let i = 0; i < 5; i++) await account.makeCustomer();
    }
    const lags: Record<string, Record<string, number>> = {};
    const measure = async (when: string) => {
      const others = { good, failed, fresh: await makeOther() };
      const measured = Object.entries(others).map(async ([name, other]) => [name, await lagOf(other)]);
      lags[when] = Object.fromEntries(await Promise.all(measured));
    };
    await start();
    await measure('when no request has ended');
    await start();
    await measure('after a restart before one has ended');
    await until(async () => (await good.account.sql(isTold, [dead.url]))[0]?.count === HANGING);
    await measure('when all have failed');
    await start();
    await measure('after another restart');
    process.stdout.write(`Deliveries beside ${HANGING} receivers that hang: ${JSON.stringify(lags)}\n`);
    expect(
      Object.values(lags)
        .flatMap((each) => Object.values(each))
        .filter((lag) => lag > MAX_LAG_MS),
    ).toEqual([]);
  }, 180_000);
});
