import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { SETTLED_POSITION } from '../../src/customers/history/position';
import { EVENT_TYPES, type EventPosition } from '../../src/events/event';
import { findEventsStatement } from '../../src/events/events.repository';
import { runSql, withDatabase } from '../support/database';

const VERSIONS = 20_000;
const LIMIT = 10;
const SELLER = randomUUID();
const [EARLIER, CUSTOMER, LATER] = ['00000000', '80000000', 'f0000000'].map(
  (id) => `${id}-0000-4000-8000-000000000000`,
);

/** Pages of PostgreSQL. A walk through the versions, or through as many deletions, would read more than a thousand. */
const MAX_BUFFERS = 250;

/** A customer whose versions are at the positions 1 to VERSIONS, and as many deletions of others. */
const FILL = [
  'SET session_replication_role = replica',
  `INSERT INTO customer_history (seller_id, customer_id, version, type, changes, actor_type, created_at, position)
   SELECT '${SELLER}', '${CUSTOMER}', i, 'updated', '{}', 'cli', now(), i FROM generate_series(1, ${VERSIONS}) AS i`,
  `INSERT INTO customer_deletions (seller_id, customer_id, version, position, actor_type, created_at)
   SELECT '${SELLER}', gen_random_uuid(), 1, i, 'cli', now() FROM generate_series(1, ${VERSIONS}) AS i`,
  'VACUUM ANALYZE customer_history, customer_deletions',
];

const moveHorizonTo = (position: number) =>
  `UPDATE event_log SET position_offset = position_offset + ${position} - ${SETTLED_POSITION}`;

/** The versions on a page of the customer's events, and what PostgreSQL reads for it with the plan that it keeps. */
async function find(url: string, after: EventPosition) {
  const query = { sellerId: SELLER, customerId: CUSTOMER, after, limit: LIMIT, types: EVENT_TYPES };
  const { statement, values } = findEventsStatement(query);
  const options = '-c enable_seqscan=off -c plan_cache_mode=force_generic_plan';
  const client = new Client({ connectionString: url, options });
  await client.connect();
  try {
    const { rows } = await client.query(statement.text, values);
    const explained = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement.text}`, values);
    const { Plan } = explained.rows[0]['QUERY PLAN'][0];
    const versions = rows.filter(({ number }) => number !== null).map(({ version }) => version);
    return { versions, buffers: Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks'] };
  } finally {
    await client.end();
  }
}

describe('A page of the events of a customer with 20,000 versions', () => {
  it('is found without a walk through them, wherever the cursor and the horizon are', () =>
    withDatabase(async (url) => {
      await runSql(url, ...FILL);
      const at = (position: number, customerId = EARLIER, version = 1) => ({
        position: String(position),
        customerId: String(customerId),
        version,
      });
      const check = async (after: EventPosition, versions: number[]) => {
        const found = await find(url, after);
        expect({ after, ...found, isBounded: found.buffers < MAX_BUFFERS }).toMatchObject({
          versions,
          isBounded: true,
        });
      };
      const from = (first: number) => Array.from({ length: LIMIT }, (_, i) => first + i);
      await check(at(0), from(1));
      await check(at(12_345), from(12_345));
      await check(at(12_345, CUSTOMER, 12_345), from(12_346));
      await check(at(12_345, LATER), from(12_346));
      await check(at(VERSIONS - 1, LATER), [VERSIONS]);
      // As after a dump was restored that lacks this version: it has been made anew since, at a later position.
      await check(at(100, CUSTOMER, 110), from(101));
      await check(at(VERSIONS + 1), []);
      await runSql(url, moveHorizonTo(5000));
      await check(at(10_000, LATER), []);
    }));
});
