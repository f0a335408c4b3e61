import { Client } from 'pg';
import { type EventPosition, readEventCursor, startOf, writeEventCursor } from '../../src/events/event';
import { withDatabase } from '../support/database';
import { followEvents } from '../support/events';
import { Account, makeAccount, uniqueEmail } from '../support/factories';
import { databaseUrl, startService, useService } from '../support/service';
import { until } from '../support/webhooks';

describe('The order of events', () => {
  const service = useService();
  let account: Account;

  beforeEach(async () => {
    account = await makeAccount(service);
  });

  it('holds back what follows a change that is still under way, so that nothing turns up behind a cursor', async () => {
    const email = uniqueEmail();
    const { id } = await account.makeCustomer();
    await followEvents(account, 1);
    const holder = new Client(databaseUrl());
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query(
        `INSERT INTO customers (seller_id, id, first_name, last_name, email, status, source, created_at, updated_at)
         VALUES ($1, gen_random_uuid(), 'A', 'B', $2, 'active', 'api', now(), now())`,
        [account.seller.id, email],
      );
      const body = { first_name: 'Jane', last_name: 'Doe', email };
      const creation = account.call('POST', '/api/customers', { body });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect((await account.patch(id, { first_name: 'Ann' })).status).toBe(200);
      const { next_cursor, data } = (await account.call('GET', '/api/events')).body;
      await holder.query('ROLLBACK');
      expect((await creation).status).toBe(201);
      const rest = await followEvents(account, 3);
      const { body: later } = await account.call('GET', `/api/events?after=${next_cursor}`);
      expect([...data, ...later.data]).toEqual(rest);
      expect(later.data.map(({ type }: any) => type).sort()).toEqual(['customer.created', 'customer.updated']);
    } finally {
      await holder.end();
    }
  });

  it('keeps the versions of a customer in their order, whichever transaction began first', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push((await account.makeCustomer()).id);
    const [, second, third] = ids;
    const other = await startService();
    const holder = new Client(databaseUrl());
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM customers WHERE id = $1 FOR UPDATE', [second]);
      // Has its transaction by the time that it waits for the second customer, and comes to the third one last.
      const items = ids.map((id) => ({ id, company_name: 'Late' }));
      const bulk = account.call('PATCH', '/api/customers?atomic=true', { body: { customers: items } });
      await new Promise((resolve) => setTimeout(resolve, 60));
      const patched = await new Account(other, account.seller, account.apiKey).patch(String(third), {
        first_name: 'Ann',
      });
      expect(patched.status).toBe(200);
      await holder.query('COMMIT');
      expect((await bulk).status).toBe(200);
    } finally {
      await holder.end();
      await other.app.close();
    }
    const ofThird = (await followEvents(account, 7)).filter(({ customer_id }) => customer_id === third);
    expect(ofThird.map(({ version, customer }) => [version, customer.first_name, customer.company_name])).toEqual([
      [1, 'John', null],
      [2, 'Ann', null],
      [3, 'Ann', 'Late'],
    ]);
    const rows = await account.sql(
      'SELECT version, position FROM customer_history WHERE seller_id = $1 AND customer_id = $2 ORDER BY version',
      [account.seller.id, third],
    );
    expect(rows.map(({ position }) => BigInt(position))).toEqual(
      rows.map(({ position }) => BigInt(position)).sort((a, b) => (a < b ? -1 : 1)),
    );
  });

  it('has lists say a time before what is still under way, though no later transaction has ended', async () => {
    await withDatabase(async (url) => {
      const own = await startService({ databaseUrl: url });
      const holder = new Client(url);
      await holder.connect();
      try {
        const reader = await makeAccount(own);
        await holder.query('BEGIN');
        const { rows } = await holder.query(
          `INSERT INTO customers (seller_id, id, first_name, last_name, email, status, source, created_at, updated_at, position)
           VALUES ($1, gen_random_uuid(), 'A', 'B', $2, 'active', 'api', clock_timestamp(), clock_timestamp(), event_position())
           RETURNING updated_at`,
          [reader.seller.id, uniqueEmail()],
        );
        await new Promise((resolve) => setTimeout(resolve, 20));
        const { as_of } = (await reader.call('GET', '/api/customers')).body;
        await holder.query('COMMIT');
        expect(Date.parse(as_of)).toBeLessThan(rows[0].updated_at.getTime());
      } finally {
        await holder.end();
        await own.app.close();
      }
    });
  });

  it('goes on behind cursors from after a copy whose files were put back, once that is said', () =>
    withDatabase(async (url) => {
      const service = await startService({ databaseUrl: url });
      const own = await makeAccount(service);
      await own.makeCustomer();
      await followEvents(own, 1);
      const { next_cursor } = (await own.call('GET', '/api/events')).body;
      const { position } = readEventCursor(next_cursor) as EventPosition;
      // As it was handed out before the older files were put back.
      const cursor = writeEventCursor(startOf(String(BigInt(position) + 1_000_000n)));
      await own.sql('UPDATE event_log SET system_identifier = NULL');
      await service.app.close();
      const next = await startService({ databaseUrl: url });
      try {
        const again = new Account(next, own.seller, own.apiKey);
        await again.makeCustomer();
        await followEvents(again, 2);
        const { data } = (await again.call('GET', `/api/events?after=${cursor}`)).body;
        expect(data).toHaveLength(1);
      } finally {
        await next.app.close();
      }
    }));

  it('has lists say a time of today from the start on', async () => {
    await withDatabase(async (url) => {
      const before = Date.now();
      const own = await startService({ databaseUrl: url });
      try {
        const reader = await makeAccount(own);
        // The first tick does not wait for the timer.
        expect(await reader.sql('SELECT FROM event_log_ticks')).not.toEqual([]);
        await until(async () => {
          const { as_of } = (await reader.call('GET', '/api/customers')).body;
          return Date.parse(as_of) >= before - 60_000;
        });
      } finally {
        await own.app.close();
      }
    });
  });

  it('lets a list miss nothing when the clock of the database has been set back', async () => {
    await withDatabase(async (url) => {
      const own = await startService({ databaseUrl: url });
      try {
        const account = await makeAccount(own);
        const { id } = await account.makeCustomer();
        const ahead = new Date(Date.now() + 3_600_000);
        // What the clock of an hour ahead has left.
        await account.sql(
          'INSERT INTO event_log_ticks SELECT $1, min_position, max_position + 1 FROM event_log_ticks ORDER BY at DESC LIMIT 1',
          [ahead],
        );
        const listed = async () => (await account.call('GET', '/api/customers')).body;
        await until(async () => Date.parse((await listed()).as_of) >= ahead.getTime() - 1);
        const { as_of } = await listed();
        for (const company_name of ['One', 'Two']) {
          await account.call('PATCH', `/api/customers/${id}`, { body: { company_name } });
          const { body } = await account.call('GET', `/api/customers?updated_since=${as_of}`);
          expect(body.data).toMatchObject([{ id, company_name }]);
        }
      } finally {
        await own.app.close();
      }
    });
  });
});
