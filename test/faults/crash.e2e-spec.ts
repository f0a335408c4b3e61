import { setTimeout as wait } from 'node:timers/promises';
import { withDatabase } from '../support/database';
import { type Account, makeAccount } from '../support/factories';
import { ServiceProcess } from '../support/process';
import { RetryingLoad, send, type Sent } from '../support/retrying-load';
import { startService } from '../support/service';

/** Until the next crash, at least: answers, and time. */
const BURST = 10;
const BURST_MS = 300;

describe('kill -9 under load', () => {
  it.each([
    [2, '@short'],
    [20, ''],
  ])(
    'loses no acknowledged change, and carries out none twice, in %i crashes %s',
    (crashes) =>
      withDatabase(async (databaseUrl) => {
        const beside = await startService({ databaseUrl });
        try {
          const account = await makeAccount(beside);
          const made = await Promise.all(Array.from({ length: 10 }, () => account.makeCustomer()));
          const load = new RetryingLoad(
            account,
            made.map(({ id }) => id),
          );
          const start = () => ServiceProcess.start([], { DATABASE_URL: databaseUrl, LOG_LEVEL: 'info' });
          let retried = 0;
          let next = start();
          for (let crash = 0; crash < crashes; crash++) {
            const service = next;
            const [, url = ''] = await service.prints(/listening at (http:\/\/127.0.0.1:\d+)/);
            retried += load.all.filter(({ answer }) => !answer).length;
            let isOver = false;
            const running = load.run(url, () => isOver);
            const enough = load.acknowledged.length + BURST;
            await wait(BURST_MS + Math.random() * 50);
            while (load.acknowledged.length < enough) await wait(10);
            isOver = true;
            await service.end('SIGKILL');
            await running;
            if (crash + 1 < crashes) next = start();
          }
          const { acknowledged } = load;
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
          process.stdout.write(`${crashes} crashes: ${JSON.stringify(figures)}\n`);
          // A few crashes may happen to come between changes.
          if (crashes >= 20) expect(Math.min(retried - crashes, replayed)).toBeGreaterThan(0);
          expect(acknowledged.length).toBeGreaterThanOrEqual(BURST * crashes);
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
