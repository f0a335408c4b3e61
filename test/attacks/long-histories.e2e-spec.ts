import { AttackedService, print } from '../support/attack';
import { Client, countByStatus, type Outcome, p99 } from '../support/client';
import { useServiceWithDatabase } from '../support/database';
import { type Account, makeAccount } from '../support/factories';
import { fillSnapshots, makeLongHistory } from '../support/long-history';

const VERSIONS = 20_000;

const MAX_P99_MS = 250;
const MAX_PAUSE_MS = 50;
const MAX_RSS_MB = 350;
const MAX_RECOVERY_MS = 2000;

type Send = (client: Client, path: string, i: number) => Promise<Outcome>;

const staleChange: Send = (client, path, i) =>
  client.send('PATCH', path, { first_name: 'New' }, { 'if-match': `"${1 + 100 * i}"` });

describe('A history of 20,000 large versions', () => {
  const beside = useServiceWithDatabase();
  let attacker: Account;
  let path: string;

  beforeAll(async () => {
    attacker = await makeAccount(beside);
    path = `/api/customers/${await makeLongHistory(attacker, beside.databaseUrl, { versions: VERSIONS, large: true })}`;
    await fillSnapshots(beside.databaseUrl);
  }, 120_000);

  it.each<[number, string, Send, number]>([
    [100, 'changes with a stale If-Match', staleChange, 412],
    [300, 'reads of old versions', (client, path, i) => client.send('GET', `${path}?version=${60 * i + 1}`), 200],
    [100, 'pages of the history', (client, path) => client.send('GET', `${path}/history?limit=100`), 200],
    [
      30,
      'reverts to old versions',
      (client, path, i) => client.send('POST', `${path}/revert`, { version: 600 * i + 1 }),
      200,
    ],
  ])(
    'delays nobody else by %i %s',
    async (count, what, send, status) => {
      const other = await makeAccount(beside);
      const bystander = await other.makeCustomer();
      const service = await AttackedService.start(beside.databaseUrl);
      const client = new Client(service.url, attacker.key, 100);
      let outcomes: Outcome[] = [];
      // As a service that has run for a while.
      for (let i = 0; i < 10; i++) await send(client, path, 0);
      await client.connect(100, 100);
      const figures = await service.during({ key: other.key, path: `/api/customers/${bystander.id}` }, async () => {
        outcomes = await Promise.all(Array.from({ length: count }, (_, i) => send(client, path, i)));
      });
      client.close();
      print(`A long history, ${what}`, { attack: { ...countByStatus(outcomes), p99: p99(outcomes) }, others: figures });
      expect(countByStatus(outcomes)).toEqual({ [status]: count });
      expect(figures.p99).toBeLessThan(MAX_P99_MS);
      expect(Object.keys(figures.answers)).toEqual(['200']);
      expect(figures.longestPause).toBeLessThan(MAX_PAUSE_MS);
      expect(figures.rssMb).toBeLessThan(MAX_RSS_MB);
      expect(figures.recovery).toBeLessThan(MAX_RECOVERY_MS);
    },
    60_000,
  );
});
