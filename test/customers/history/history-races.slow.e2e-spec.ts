import { Account, makeAccount, uniqueEmail } from '../../support/factories';
import { type Answer, request } from '../../support/http';
import { useService } from '../../support/service';

const MEMBERS = [
  'first_name',
  'last_name',
  'email',
  'company_name',
  'legal_entity',
  'language',
  'status',
  'address_data',
  'postal_redirect_address',
];

/** Many clients at once, each of which sends its requests one after the other. */
async function clients(count: number, requests: number, send: (client: number, i: number) => Promise<Answer>) {
  const answers: Answer[] = [];
  const run = async (_: unknown, client: number) => {
    for (let i = 0; i < requests; i++) answers.push(await send(client, i));
  };
  await Promise.all(Array.from({ length: count }, run));
  return answers;
}

function statusesOf(answers: Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

const versionOf = ({ headers }: Answer) => Number(/^"(\d+)"$/.exec(headers.get('etag') ?? '')?.[1]);
const idOf = ({ headers }: Answer) => String(headers.get('x-request-id'));

/** Keeps to what the fold of a history and an answer have in common. */
const membersOf = (customer: Record<string, unknown>) =>
  Object.fromEntries(MEMBERS.map((name) => [name, customer[name]]));

interface Version {
  type: string;
  requestId: string | null;
  state: Record<string, unknown>;
}

/**
 * What a customer was at each version, by its history: from 1 on without a gap, each old value the new one before, time
 * never going back, no entry that changes nothing, and at the end what the row says.
 */
async function unbrokenHistory(account: Account, id: string): Promise<Version[]> {
  const entries = await account.sql(
    'SELECT * FROM customer_history WHERE seller_id = $1 AND customer_id = $2 ORDER BY version',
    [account.seller.id, id],
  );
  expect(entries.map(({ version }) => version)).toEqual(entries.map((_, i) => i + 1));
  const times = entries.map(({ created_at }) => created_at.getTime());
  expect(times).toEqual([...times].sort((one, other) => one - other));
  let state: Record<string, unknown> = Object.fromEntries(MEMBERS.map((name) => [name, null]));
  const versions = entries.map(({ version, type, changes, request_id }): Version => {
    const changed = Object.entries<{ old: unknown; new: unknown }>(changes);
    const broken = changed.filter(([name, { old }]) => JSON.stringify(state[name]) !== JSON.stringify(old));
    const idle = changed.filter(([, change]) => JSON.stringify(change.old) === JSON.stringify(change.new));
    expect({ version, broken, idle, isEmpty: changed.length === 0 }).toEqual({
      version,
      broken: [],
      idle: [],
      isEmpty: false,
    });
    state = { ...state, ...Object.fromEntries(changed.map(([name, change]) => [name, change.new])) };
    return { type, requestId: request_id, state };
  });
  const row = await account.row(id);
  expect(row).toMatchObject({
    ...state,
    version: versions.length,
    updated_at: entries.at(-1)?.created_at.toISOString(),
  });
  return versions;
}

/** Each answer is what the history says of its version, and each entry was acknowledged: by the request that it names. */
function expectAcknowledged(versions: Version[], answers: Answer[]) {
  const byId = new Map(answers.map((answer) => [idOf(answer), answer]));
  expect(byId.size).toBe(answers.length);
  for (const answer of answers) {
    expect(membersOf(answer.body)).toEqual(versions[versionOf(answer) - 1]?.state);
  }
  versions.slice(1).forEach(({ requestId }, i) => {
    const answer = byId.get(String(requestId));
    expect([i + 2, answer && versionOf(answer)]).toEqual([i + 2, i + 2]);
  });
}

describe('The history of a customer that many change at once', () => {
  // That all changes are carried out is tested here; how long they may wait is, with a bound, in test/faults.
  const limits = { databaseLockTimeoutMs: 10_000, databaseStatementTimeoutMs: 10_000 };
  const one = useService(limits);
  const other = useService(limits);

  it('is one unbroken chain of all 100 × 50 changes', async () => {
    const account = await makeAccount(one);
    const { id } = await account.makeCustomer();
    const answers = await clients(100, 50, (client, i) => account.patch(id, { first_name: `Name ${client} ${i}` }));
    expect(statusesOf(answers)).toEqual({ 200: 5000 });
    const versions = await unbrokenHistory(account, id);
    expect(versions).toHaveLength(5001);
    expectAcknowledged(versions, answers);
  }, 120_000);

  it('counts only changes that change something', async () => {
    const account = await makeAccount(one);
    const { id } = await account.makeCustomer();
    const names = ['Ada', 'Bea', 'Cleo'];
    const answers = await clients(50, 20, (client, i) => account.patch(id, { first_name: names[(client + i) % 3] }));
    expect(statusesOf(answers)).toEqual({ 200: 1000 });
    const versions = await unbrokenHistory(account, id);
    expectAcknowledged(versions, answers);
    expect(new Set(answers.map(versionOf)).size).toBe(versions.length - 1);
  }, 60_000);

  it('is one unbroken chain on two instances at once', async () => {
    const account = await makeAccount(one);
    const elsewhere = new Account(other, account.seller, account.apiKey);
    const { id } = await account.makeCustomer();
    const answers = await clients(40, 25, (client, i) =>
      (client % 2 ? account : elsewhere).patch(id, { first_name: `Name ${client} ${i}` }),
    );
    expect(statusesOf(answers)).toEqual({ 200: 1000 });
    const versions = await unbrokenHistory(account, id);
    expect(versions).toHaveLength(1001);
    expectAcknowledged(versions, answers);
  }, 120_000);

  it('is one unbroken chain where each of two instances has one request at a time', async () => {
    const account = await makeAccount(one);
    const elsewhere = new Account(other, account.seller, account.apiKey);
    const { id } = await account.makeCustomer();
    const answers = await clients(2, 200, (client, i) =>
      // Every second change of a field alters nothing if nobody has changed it in between.
      (client ? account : elsewhere).patch(id, i % 2 ? { language: 'en' } : { first_name: `Name ${client} ${i}` }),
    );
    expect(statusesOf(answers)).toEqual({ 200: 400 });
    const versions = await unbrokenHistory(account, id);
    expect(versions).toHaveLength(202);
    expect(await account.row(id)).toMatchObject({ language: 'en', version: 202 });
  }, 60_000);

  it.each([
    ['one instance', [one]],
    ['two instances', [one, other]],
  ])(
    'is one unbroken chain of changes of every kind on %s',
    async (_, services) => {
      const account = await makeAccount(one);
      const { id } = await account.makeCustomer({ address_data: { city: 'Bonn' } });
      const bystander = await account.makeCustomer();
      const bulks: Answer[] = [];
      const kinds: ((url: string, unique: string, i: number) => Promise<Answer>)[] = [
        (url, last_name) => send('PATCH', `${url}/${id}`, { last_name }),
        (url, street) => send('PATCH', `${url}/${id}`, { address_data: { street }, postal_redirect_address: null }),
        (url, _, i) => send('PATCH', `${url}/${id}`, { status: ['suspended', 'inactive', 'active'][i % 3] }),
        (url, _, i) => send('POST', `${url}/${id}/revert`, { version: 1 + (i % 5 === 0 ? 0 : 1) }),
        (url) => send('PATCH', `${url}/${id}`, { email: uniqueEmail() }),
        (url, company_name) => send('PATCH', `${url}/${id}`, { company_name, status: 'active' }),
        async (url, first_name) => {
          const customers = [
            { id: bystander.id, first_name },
            { id, first_name },
          ];
          bulks.push(await send('PATCH', url, { customers }));
          return bulks.at(-1) as Answer;
        },
      ];
      const send = (method: string, url: string, body: unknown) => request(method, url, { key: account.key, body });
      // So that there is a version 2 to go back to.
      const first = await account.patch(id, { first_name: 'Second' });
      const answers = await clients(14, 30, (client, i) => {
        const kind = kinds[(client + i) % kinds.length] as (typeof kinds)[number];
        return kind(`${services[client % services.length]?.url}/api/customers`, `${client} ${i}`, i);
      });
      expect(statusesOf(answers)).toEqual({ 200: 14 * 30 });
      const versions = await unbrokenHistory(account, id);
      const singles = answers.filter((answer) => !bulks.includes(answer));
      for (const bulk of bulks) {
        const [, item] = bulk.body.results;
        const version = versions.findIndex(({ requestId }) => requestId === idOf(bulk)) + 1;
        expect([item.status, membersOf(item.customer)]).toEqual([200, versions[version - 1]?.state]);
        singles.push({
          ...bulk,
          body: item.customer,
          headers: new Headers({ etag: `"${version}"`, 'x-request-id': idOf(bulk) }),
        });
      }
      expectAcknowledged(versions, [first, ...singles]);
      expect(versions.filter(({ type }) => type === 'reverted').length).toBeGreaterThan(20);
      expect((await unbrokenHistory(account, bystander.id)).length).toBe(1 + bulks.length);
    },
    120_000,
  );
});
