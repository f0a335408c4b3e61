import { randomUUID } from 'node:crypto';
import { migrate } from '../../src/database/migrate';
import { runSql } from '../support/database';
import { describeMainFlows } from '../support/main-flows';
import { type Partitioned, partitionBySeller } from '../support/partition';
import { databaseUrl } from '../support/service';

const FILES = [
  'customers/update-customer',
  'customers/customers',
  'customers/list-customers',
  'customers/bulk-update',
  'customers/bulk-atomic',
  'customers/idempotency',
  'customers/dry-run',
  'customers/erasure',
  'customers/history/history',
  'customers/history/revert',
  'portal/portal',
  'events/events',
  'webhooks/webhooks',
  'webhooks/webhook-delivery-pages',
];

describe('On tables that are hash-partitioned by their sellers,', () => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = databaseUrl();
  const url = Object.assign(new URL(admin), { pathname: name }).href;
  let tables: Partitioned;

  afterAll(() => runSql(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));

  it('only those are whole that are needed before a seller is known, or have none', () => {
    // The hash of a key tells the seller, so it is unique among all of them.
    expect(tables.whole).toEqual(['api_keys', 'event_log', 'event_log_ticks', 'migrations', 'sellers']);
  });

  it('every key, foreign key, index and trigger is there', () => {
    expect(tables.before.length).toBeGreaterThan(20);
    expect(tables.after).toEqual(tables.before);
  });

  describeMainFlows(FILES, async () => {
    await runSql(admin, `CREATE DATABASE ${name}`);
    await migrate(url);
    tables = await partitionBySeller(url);
    return url;
  });
});
