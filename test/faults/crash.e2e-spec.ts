import { randomUUID } from 'node:crypto';
import { withDatabase } from '../support/database';
import { type Account, makeAccount, uniqueEmail } from '../support/factories';
import { type Answer, request, type RequestOptions } from '../support/http';
import { ServiceProcess } from '../support/process';
import { startService } from '../support/service';

const CRASHES = 20;
const CLIENTS = 16;
/** Until the next crash, at least: answers, and time. */
const BURST = 10;
const BURST_MS = 300;

/** A request with an Idempotency-Key, and what came of it: nothing as long as each time the service was killed first. */
interface Sent {
  method: string;
  path: string;
  options: RequestOptions;
  /** What it writes, and no other request does. */
  name: string;
  status: number;
  answer?: Answer;
  attempts: number;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends one until it has an answer that is not "later", or the service is gone. */
async function send(sent: Sent, url: string): Promise<void> {
  for (;;) {
    try {
      sent.attempts++;
      const answer = await request(sent.method, `${url}${sent.path}`, sent.options);
      // One that died with the service before it may still be in the way.
      if (answer.status === 503 || answer.body.message?.includes('in progress')) await wait(50);
      else return void Object.assign(sent, { answer });
    } catch {
      return;
    }
  }
}

/** Some customers, whom many clients change at once, and the requests that they make. */
class Load {
  readonly all: Sent[] = [];

  constructor(
    private readonly account: Account,
    private readonly ids: string[],
  ) {}

  /** Clients that first send again what was not answered, and then new requests, until the service is killed. */
  async run(url: string, isOver: () => boolean): Promise<void> {
    const unanswered = this.all.filter(({ answer }) => !answer);
    const client = async () => {
      while (!isOver()) await send(unanswered.pop() ?? this.next(), url);
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  }

  private next(): Sent {
    const [n, name] = [this.all.length, `Name ${this.all.length}`];
    const id = this.ids[n % this.ids.length];
    const headers = { 'idempotency-key': randomUUID() };
    const isNew = n % 5 === 0;
    const change = n % 5 === 1 ? { first_name: name, status: n % 2 ? 'suspended' : 'active' } : { first_name: name };
    const newcomer = { ...change, last_name: 'Doe', email: uniqueEmail() };
    const sent: Sent = {
      method: isNew ? 'POST' : 'PATCH',
      path: isNew ? '/api/customers' : `/api/customers/${id}`,
      options: { key: this.account.key, headers, body: isNew ? newcomer : change },
      name,
      status: isNew ? 201 : 200,
      attempts: 0,
    };
    if (n % 5 === 2)
      Object.assign(sent, { path: '/api/customers', options: { ...sent.options, body: this.bulk(name, n) } });
    this.all.push(sent);
    return sent;
  }

  private bulk(first_name: string, n: number) {
    const ids = [n, n + 1, n + 3].map((i) => this.ids[i % this.ids.length]);
    return { customers: ids.map((id) => ({ id, first_name })) };
  }
}

describe('kill -9 under load', () => {
  it(
    'loses no acknowledged change, and carries out none twice',
    () =>
      withDatabase(async (databaseUrl) => {
        const beside = await startService({ databaseUrl });
        try {
          const account = await makeAccount(beside);
          const made = await Promise.all(Array.from({ length: 10 }, () => account.makeCustomer()));
          const load = new Load(
            account,
            made.map(({ id }) => id),
          );
          const start = () => ServiceProcess.start([], { DATABASE_URL: databaseUrl, LOG_LEVEL: 'info' });
          let retried = 0;
          let next = start();
          for (let crash = 0; crash < CRASHES; crash++) {
            const service = next;
            const [, url = ''] = await service.prints(/listening at (http:\/\/127.0.0.1:\d+)/);
            retried += load.all.filter(({ answer }) => !answer).length;
            let isOver = false;
            const running = load.run(url, () => isOver);
            const answered = () => load.all.filter(({ answer }) => answer).length;
            const enough = answered() + BURST;
            await wait(BURST_MS + Math.random() * 50);
            while (answered() < enough) await wait(10);
            isOver = true;
            await service.end('SIGKILL');
            await running;
            if (crash + 1 < CRASHES) next = start();
          }
          const acknowledged = load.all.filter(({ answer }) => answer);
          const lost = await expectNoneLost(account, acknowledged);
          await expectAgreement(account);
          const open = load.all.filter(({ answer }) => !answer);
          retried += open.length;
          await Promise.all(open.map((sent) => send(sent, beside.url)));
          for (const { answer, status } of load.all) expect(answer?.status).toBe(status);
          expect(await expectNoneLost(account, load.all)).toBe(0);
          await expectAgreement(account);
          await expectOneRecordEach(account, load.all);
          const replayed = load.all.filter(({ answer }) => answer?.headers.has('idempotent-replayed')).length;
          const figures = { sent: load.all.length, acknowledged: acknowledged.length, lost, retried, replayed };
          process.stdout.write(`${CRASHES} crashes: ${JSON.stringify(figures)}\n`);
          expect(Math.min(retried - CRASHES, replayed)).toBeGreaterThan(0);
          expect(acknowledged.length).toBeGreaterThanOrEqual(BURST * CRASHES);
        } finally {
          await beside.app.close();
        }
      }),
    120_000,
  );
});

function groupBy(rows: Record<string, any>[], nameOf: (row: Record<string, any>) => string) {
  const groups = new Map<string, Record<string, any>[]>();
  for (const row of rows) groups.set(nameOf(row), [...(groups.get(nameOf(row)) ?? []), row]);
  return groups;
}

/** Each is in the history exactly once, or as often as it has customers, and says the version that it was told. */
async function expectNoneLost(account: Account, sent: Sent[]): Promise<number> {
  const entries = await account.sql('SELECT customer_id, version, changes FROM customer_history');
  const byName = groupBy(entries, ({ changes }) => String(changes.first_name?.new));
  const lost = sent.filter(({ name }) => !byName.has(name));
  expect(lost).toEqual([]);
  for (const { name, answer } of sent) {
    const found = byName.get(name) ?? [];
    const results: { id: string }[] | undefined = answer?.body.results;
    const ids = results ? results.map(({ id }) => id) : [answer?.body.id];
    expect(found.map(({ customer_id }) => customer_id).sort()).toEqual([...ids].sort());
    if (!results) expect(answer?.headers.get('etag')).toBe(`"${found[0]?.version}"`);
  }
  return lost.length;
}

/** Rows are what their histories add up to, and what a record names is there. */
async function expectAgreement(account: Account) {
  const entries = await account.sql('SELECT * FROM customer_history ORDER BY customer_id, version');
  const histories = groupBy(entries, ({ customer_id }) => customer_id);
  const rows = await account.sql('SELECT * FROM customers');
  expect(rows.map(({ id }) => id).sort()).toEqual([...histories.keys()].sort());
  for (const { id, version, first_name, last_name, email, status } of rows) {
    const history = histories.get(id) ?? [];
    expect(history.map((entry) => entry.version)).toEqual(Array.from({ length: version }, (_, i) => i + 1));
    const state: Record<string, unknown> = {};
    for (const { changes } of history) {
      for (const [member, change] of Object.entries<{ old: unknown; new: unknown }>(changes)) {
        expect(state[member] ?? null).toBe(change.old);
        state[member] = change.new;
      }
    }
    expect(state).toMatchObject({ first_name, last_name, email, status });
  }
  const versions = new Set(entries.map(({ customer_id, version }) => `${customer_id} ${version}`));
  const named = await account.sql('SELECT outcome FROM idempotency_records');
  const outcomes = named.flatMap(({ outcome }) => outcome as { id: string; version: number }[]);
  expect(outcomes.filter(({ id, version }) => !versions.has(`${id} ${version}`))).toEqual([]);
  // All but the customers that were there before came with a key, and each effect has one record.
  expect(outcomes.map(({ id, version }) => `${id} ${version}`).sort()).toEqual(
    entries
      .filter(({ request_id }) => request_id)
      .map(({ customer_id, version }) => `${customer_id} ${version}`)
      .sort(),
  );
}

async function expectOneRecordEach(account: Account, sent: Sent[]) {
  const query = `SELECT record.key, entry.changes #>> '{first_name,new}' AS name FROM idempotency_records AS record
    CROSS JOIN LATERAL (SELECT CASE json_typeof(outcome) WHEN 'array' THEN outcome -> 0 ELSE outcome END AS first) AS o
    JOIN customer_history AS entry ON entry.customer_id = (first ->> 'id')::uuid
     AND entry.version = (first ->> 'version')::int`;
  const records = new Map((await account.sql(query)).map(({ key, name }) => [key, name]));
  const keys = sent.map(({ name, options }): [string, string] => [String(options.headers?.['idempotency-key']), name]);
  expect(records).toEqual(new Map(keys));
}
