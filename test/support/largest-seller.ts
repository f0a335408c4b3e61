import { writeEventCursor } from '../../src/events/event';
import { SCOPES } from '../../src/api-keys/scopes';
import { type Account, makeAccount } from './factories';
import { fillSnapshots, makeLongHistory } from './long-history';
import { makeSession } from './portal';
import type { Service } from './service';
import { makeDeliveries, makeWebhook } from './webhooks';

/** As many as fit on a page of the feed. */
const CUSTOMERS = 500;
const VERSIONS = 2000;

/** More than a page, and so few that tests can make hundreds of others. */
const KEYS = 200;

/** Up to a few below their maximum, so that some can be made. */
const WEBHOOKS = 18;
const DELIVERIES = 100;

const AT_ONCE = 20;

/** The character that takes the most bytes in JSON: six. */
const LONGEST = '\u0001';

/** All texts of a customer, as long as they may be. */
export function largestFields(letter = LONGEST) {
  const text = (length: number) => letter.repeat(length);
  const address = { street: text(255), city: text(100), postal_code: text(20), country: text(100) };
  return {
    first_name: text(100),
    last_name: text(100),
    company_name: text(200),
    legal_entity: text(100),
    language: 'en' as const,
    address_data: address,
    postal_redirect_address: address,
  };
}

/** A different one each time, of 254 characters. */
export function longestEmail(): string {
  const domain = Array.from({ length: 3 }, () => 'd'.repeat(60)).join('.');
  return `${Math.random().toString(36).slice(2)}${'e'.repeat(63)}`.slice(0, 64) + `@${domain}.${'d'.repeat(6)}`;
}

/** Makes things, a few at the same time. */
async function many<T>(count: number, make: (i: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let i = 0; i < count; i += AT_ONCE) {
    made.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - i) }, (_, k) => make(i + k)))));
  }
  return made;
}

/** A seller with as much of everything as there may be, or as a page holds, each as large as it may be. */
export class LargestSeller {
  private constructor(
    readonly account: Account,
    readonly customers: string[],
    readonly longHistory: string,
    /** The cursor from which on the feed has the other customers. */
    readonly afterLongHistory: string,
    readonly webhook: string,
    readonly event: string,
    readonly apiKey: string,
    readonly session: string,
    private readonly databaseUrl: string,
  ) {}

  static async make(service: Service & { databaseUrl: string }): Promise<LargestSeller> {
    const account = await makeAccount(service, { scopes: [...SCOPES] });
    const { databaseUrl } = service;
    const longHistory = await makeLongHistory(account, databaseUrl, { versions: VERSIONS, large: true });
    await fillSnapshots(databaseUrl);
    const [last] = await account.sql(
      'SELECT max(position)::text AS position FROM customer_history WHERE seller_id = $1 AND customer_id = $2',
      [account.seller.id, longHistory],
    );
    const end = { position: last?.position, customerId: longHistory, version: VERSIONS };
    const make = () => account.makeCustomer({ ...largestFields(), email: longestEmail() });
    const customers = (await many(CUSTOMERS, make)).map(({ id }) => id);
    // Changes that are small, of customers that are large.
    await many(CUSTOMERS, (i) => account.patch(String(customers[i]), { language: 'de' }));
    const keys = await many(KEYS, () => account.makeKey({ name: LONGEST.repeat(100), scopes: [...SCOPES] }));
    const webhook = { url: `http://127.0.0.1:9/${'x'.repeat(2000)}`, description: LONGEST.repeat(200) };
    const webhooks = await many(WEBHOOKS, () => makeWebhook(account, webhook));
    const webhookId = webhooks[0]?.id ?? '';
    await makeDeliveries(account, webhookId, { count: DELIVERIES, large: true });
    const [delivery] = await account.sql(`SELECT event_id FROM webhook_deliveries WHERE webhook_id = $1 LIMIT 1`, [
      webhookId,
    ]);
    const session = (await makeSession(account, customers[0] ?? '')).body.token;
    return new LargestSeller(
      account,
      customers,
      longHistory,
      writeEventCursor(end),
      webhookId,
      delivery?.event_id,
      keys[0]?.id ?? '',
      session,
      databaseUrl,
    );
  }

  /** For a request that removes it. */
  async anotherLongHistory(): Promise<string> {
    return makeLongHistory(this.account, this.databaseUrl, { versions: VERSIONS, large: true });
  }

  /** For requests that end it. */
  async anotherKey(): Promise<string> {
    return (await this.account.makeKey({ name: LONGEST.repeat(100), scopes: [...SCOPES] })).id;
  }

  async anotherWebhook(): Promise<string> {
    const [made] = await this.account.sql(
      `INSERT INTO webhooks SELECT (copy).* FROM (
         SELECT jsonb_populate_record(webhook, jsonb_build_object('id', gen_random_uuid())) AS copy
           FROM webhooks AS webhook WHERE seller_id = $1 AND id = $2) AS copied RETURNING id`,
      [this.account.seller.id, this.webhook],
    );
    return made?.id;
  }
}
