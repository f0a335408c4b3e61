import { Client } from 'pg';
import { Account, makeAccount } from '../support/factories';
import { OwnPostgres } from '../support/own-postgres';
import { type Service, startService } from '../support/service';

const read = async (account: Account, after = '') => {
  const { status, body } = await account.call('GET', `/api/events?limit=500${after && `&after=${after}`}`);
  expect(status).toBe(200);
  return body as { data: { id: string; customer_id: string; version: number }[]; next_cursor: string };
};

/** Until all of it has come: a transaction of the server's own may hold it back for a moment. */
async function readAll(account: Account, after: string, count: number) {
  const events: { id: string; customer_id: string; version: number }[] = [];
  for (let i = 0; i < 200 && events.length < count; i++) {
    const page = await read(account, after);
    events.push(...page.data);
    after = page.next_cursor;
    if (page.data.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  expect(events).toHaveLength(count);
  return { events, after };
}

const on = (service: Service, { seller, apiKey }: Account) => new Account(service, seller, apiKey);

/** Ids of transactions are used up, so that those of another server are far behind. */
const spend = (postgres: OwnPostgres) =>
  postgres.sql('DO $$ BEGIN FOR i IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$');

/** What pg_dump and a restore do, which the embedded PostgreSQL does not bring. */
async function restore(from: OwnPostgres, to: OwnPostgres): Promise<void> {
  const [source, target] = [new Client(from.directUrl), new Client(to.directUrl)];
  await Promise.all([source.connect(), target.connect()]);
  try {
    await target.query('BEGIN; SET LOCAL session_replication_role = replica');
    const tables = await source.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
    for (const { tablename } of tables.rows) {
      const { rows } = await source.query(`SELECT json_agg(t)::text AS all FROM ${tablename} AS t`);
      await target.query(`DELETE FROM ${tablename}`);
      await target.query(
        `INSERT INTO ${tablename} OVERRIDING SYSTEM VALUE
         SELECT * FROM json_populate_recordset(NULL::${tablename}, COALESCE($1, '[]')::json)`,
        [rows[0].all],
      );
    }
    await target.query('COMMIT');
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
}

async function change(account: Account, ids: string[]): Promise<void> {
  for (const id of ids) expect((await account.patch(id, { first_name: `${Math.random()}` })).status).toBe(200);
}

describe('Cursors of the feed that were handed out before', () => {
  it('stay valid on a fresh server on which a dump is restored, while the service runs @ci', async () => {
    const [first, second] = await Promise.all([OwnPostgres.start(), OwnPostgres.start()]);
    const service = await startService({ databaseUrl: first.url });
    try {
      await spend(first);
      const account = await makeAccount(service);
      const quiet = await makeAccount(service);
      const ids = [(await account.makeCustomer()).id, (await account.makeCustomer()).id];
      await change(account, ids);
      const before = await readAll(account, '', 4);
      const ofNothing = (await read(quiet)).next_cursor;
      await change(account, ids);
      await restore(first, second);
      await second.takePlaceOf(first);
      // The very first change on the new server, before any timer of the service.
      await change(on(service, account), ids);
      await quiet.makeCustomer();
      const rest = await readAll(account, before.after, 4);
      expect(rest.events.map(({ version }) => version)).toEqual([3, 3, 4, 4]);
      await readAll(quiet, ofNothing, 1);
      expect((await readAll(account, '', 8)).events).toEqual([...before.events, ...rest.events]);
    } finally {
      await service.app.close();
      await Promise.all([first.remove(), second.remove()]);
    }
  }, 120_000);

  it('stay valid after a failover to a standby, which is read before and after', async () => {
    const primary = await OwnPostgres.start();
    const standby = await primary.makeStandby();
    let service = await startService({ databaseUrl: primary.url });
    try {
      const account = await makeAccount(service);
      const ids = [(await account.makeCustomer()).id, (await account.makeCustomer()).id];
      await change(account, ids);
      const before = await readAll(account, '', 4);
      await change(account, ids);
      await readAll(account, before.after, 2);
      const [{ lsn } = {}] = await primary.sql('SELECT pg_current_wal_insert_lsn() AS lsn');
      while (!(await standby.sql(`SELECT pg_last_wal_replay_lsn() >= '${lsn}' AS is`))[0]?.is);
      await service.app.close();
      await primary.stop();

      await standby.admin('SELECT pg_promote()');
      service = await startService({ databaseUrl: standby.url });
      const there = on(service, account);
      await change(there, ids);
      const rest = await readAll(there, before.after, 4);
      expect(rest.events.map(({ version }) => version)).toEqual([3, 3, 4, 4]);
      expect((await readAll(there, '', 8)).events).toEqual([...before.events, ...rest.events]);
    } finally {
      await service.app.close();
      await Promise.all([primary.remove(), standby.remove()]);
    }
  }, 120_000);
});
