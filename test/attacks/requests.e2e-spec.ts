import { setTimeout as sleep } from 'node:timers/promises';
import { generateKey } from '../../src/api-keys/secret-format';
import { AttackedService, type OtherSeller, print } from '../support/attack';
import { Client, countByStatus, type Outcome } from '../support/client';
import { runSql, useServiceWithDatabase } from '../support/database';
import { type Account, makeAccount } from '../support/factories';
import { Flood, type FloodOptions } from '../support/flood';
import { fillSnapshots, makeLongHistory } from '../support/long-history';

const MAX_P99_MS = 250;
const MAX_RSS_MB = 350;
const MAX_RECOVERY_MS = 2000;

/** Each of them has all trigrams of "abcdef", and none has the text. */
const CUSTOMERS = 50_000;
const KEYS = 900;
const VERSIONS = 20_000;

/** What is over at once is watched for so long. */
const WATCHED_MS = 3000;

/** So many connections as most clients open at the most. */
const CONNECTIONS = 160;

describe('Requests of one seller, or of nobody', () => {
  const beside = useServiceWithDatabase({ rateLimitPerMinute: 0 });
  let [attacker, other]: Account[] = [];
  let [own, ofOther, longHistory] = ['', '', ''];

  beforeAll(async () => {
    attacker = await makeAccount(beside, { scopes: ['customers:read', 'customers:write', 'api_keys:manage'] });
    other = await makeAccount(beside);
    own = (await attacker.makeCustomer()).id;
    ofOther = (await other.makeCustomer()).id;
    await runSql(
      beside.databaseUrl,
      `INSERT INTO customers (seller_id, id, first_name, last_name, email, company_name, status, source, created_at, updated_at)
       SELECT '${attacker.seller.id}', gen_random_uuid(), 'First', 'Nr ' || i, 'user' || i || '@example.com', 'Abcd bcde cdef',
              'active', 'api', now() - i * interval '1 second', now()
         FROM generate_series(1, ${CUSTOMERS}) AS i`,
    );
    for (let i = 0; i < KEYS; i++) await attacker.makeKey({ name: 'x'.repeat(100) });
    longHistory = await makeLongHistory(attacker, beside.databaseUrl, { versions: VERSIONS, large: true });
    await fillSnapshots(beside.databaseUrl);
    await runSql(beside.databaseUrl, 'ANALYZE');
  }, 240_000);

  const changes = () => ({
    key: String(other?.key),
    path: `/api/customers/${ofOther}`,
    change: () => ({ first_name: `Name ${Math.random()}` }),
  });
  const lists = () => ({ key: String(other?.key), path: '/api/customers' });

  /** Prints what an attack did to another seller, and checks it. */
  async function attack(name: string, seller: OtherSeller, carryOut: (service: AttackedService) => Promise<object>) {
    const service = await AttackedService.start(beside.databaseUrl);
    let answers = {};
    const figures = await service.during(seller, async () => void (answers = await carryOut(service)));
    print(name, { ...figures, attack: answers });
    expect(Object.keys(figures.answers)).toEqual(['200']);
    expect(figures.p99).toBeLessThan(MAX_P99_MS);
    expect(figures.rssMb).toBeLessThan(MAX_RSS_MB);
    expect(figures.recovery).toBeLessThan(MAX_RECOVERY_MS);
    expect(await service.stop()).toBe(0);
    return answers as Record<string, number>;
  }

  /** Sends requests of the attacker, all at the same time. */
  async function sendAll(
    service: AttackedService,
    count: number,
    send: (client: Client, i: number) => Promise<Outcome>,
  ) {
    const client = new Client(service.url, String(attacker?.key), CONNECTIONS);
    const outcomes = await Promise.all(Array.from({ length: count }, (_, i) => send(client, i)));
    client.close();
    return countByStatus(outcomes);
  }

  it('160 searches for what matches every trigram and no text leave the lists of others alone', async () => {
    const search = (client: Client) => client.send('GET', '/api/customers?search=abcdef&limit=100');
    await attack('160 searches of all trigrams', lists(), (service) => sendAll(service, 160, search));
  }, 60_000);

  it('46 lists of keys, again and again, leave others alone', async () => {
    const list = (client: Client) => client.send('GET', '/api/api-keys?limit=100');
    const answers = await attack('46 lists of keys, ten times', changes(), async (service) => {
      const counts: Record<string, number> = {};
      for (let i = 0; i < 10; i++) {
        for (const [status, count] of Object.entries(await sendAll(service, 46, list)))
          counts[status] = (counts[status] ?? 0) + count;
      }
      return counts;
    });
    expect(answers).toEqual({ 200: 460 });
  }, 60_000);

  it('2,000 portal sessions of one customer leave others alone, and the customer can be suspended', async () => {
    const open = (client: Client) => client.send('POST', `/api/customers/${own}/portal-sessions`);
    await attack('2,000 portal sessions, then a suspension', changes(), async (service) => {
      const answers = await sendAll(service, 2000, open);
      const suspend = (client: Client) => client.send('PATCH', `/api/customers/${own}`, { status: 'suspended' });
      expect(await sendAll(service, 1, suspend)).toEqual({ 200: 1 });
      return answers;
    });
    const [sessions] =
      (await attacker?.sql('SELECT count(*)::int FROM portal_sessions WHERE customer_id = $1', [own])) ?? [];
    expect(sessions).toEqual({ count: 0 });
  }, 60_000);

  it('the deletion of a customer with 20,000 large versions leaves others alone', async () => {
    const remove = (client: Client) => client.send('DELETE', `/api/customers/${longHistory}`);
    const answers = await attack('A deletion of 20,000 versions', changes(), (service) => sendAll(service, 1, remove));
    expect(answers).toEqual({ 204: 1 });
  }, 60_000);

  const head = (lines: string[]) => ['PATCH /api/customers HTTP/1.1', 'Host: x', ...lines].join('\r\n');

  const tinyChunks = (key: string, bytes = 1) => ({
    head: `${head(['Content-Type: application/json', 'Transfer-Encoding: chunked', `X-API-Key: ${key}`])}\r\n\r\n`,
    chunk: `${bytes.toString(16)}\r\n${'['.repeat(bytes)}\r\n`.repeat(Math.ceil(100 / bytes)),
    repeat: 100,
  });

  /** As many as a connection may send ahead of its answers, or nearly. */
  const pipelined = (path: string, key = '') => ({
    head: '',
    chunk: `GET ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${key}\r\n\r\n`.repeat(60),
    repeat: 1,
  });
  const deaf = (count: number, path: string, key?: string) => ({
    count,
    isDeaf: true,
    reopens: true,
    ...pipelined(path, key),
  });

  it.each<[string, () => Omit<FloodOptions, 'port'>]>([
    ['60 bodies in chunks of one byte with a made-up key', () => ({ count: 60, ...tinyChunks(generateKey()) })],
    ['60 bodies in chunks of one byte with a good key', () => ({ count: 60, ...tinyChunks(String(attacker?.key)) })],
    ['300 bodies in chunks of one byte with a made-up key', () => ({ count: 300, ...tinyChunks(generateKey()) })],
    [
      '300 bodies in chunks of 40 bytes with a good key',
      () => ({ count: 300, ...tinyChunks(String(attacker?.key), 40) }),
    ],
    [
      '60 connections that each send 2,500 requests at once, without a key',
      () => ({ count: 60, head: '', chunk: 'GET /x HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2500), repeat: 1 }),
    ],
    ['300 connections of 60 requests', () => ({ count: 300, ...pipelined('/api/me', attacker?.key) })],
    ['1,500 connections of 60 requests', () => ({ count: 1500, ...pipelined('/api/me', attacker?.key) })],
    ['300 clients that read no pages of the list', () => deaf(300, '/api/customers?limit=100', attacker?.key)],
    ['1,000 clients that read no files', () => deaf(1000, '/docs/assets/scalar.js')],
    ['1,000 clients that read no document', () => deaf(1000, '/docs-json')],
    ['2,000 heads that are half sent', () => ({ count: 2000, head: head(['X-API-Key: sk_li']) })],
    ['500 heads that come in small pieces', () => ({ count: 500, head: head(['']), chunk: 'a: b\r\n', repeat: 500 })],
  ])(
    '%s leave others alone',
    async (name, flood) => {
      const options = flood();
      const carryOut = async ({ port }: AttackedService) => {
        const flooding = await Flood.start({ port, ...options });
        const [{ counts }] = await Promise.all([flooding.answers(), sleep(WATCHED_MS)]);
        await flooding.end();
        return counts;
      };
      await attack(name, changes(), carryOut);
    },
    60_000,
  );
});
